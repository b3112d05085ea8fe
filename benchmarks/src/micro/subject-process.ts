/* A child process of the benchmark: one subject, run when it is told to. */
import { subjects } from "./subjects.ts";
import { callsOf, type Workload } from "./workloads.ts";

/** What a round measured. */
export interface Measurement {
  readonly callsPerSecond: number;
  /** CPU time of this process, user and system, for each call, in microseconds. */
  readonly cpuMicrosPerCall: number;
}

const [, , name = "", port = ""] = process.argv;
const make = subjects[name];
if (!make) throw new Error(`Expected one of ${Object.keys(subjects).join(", ")}.`);
const subject = await make(Number(port));

async function measure(workload: Workload): Promise<Measurement | null> {
  if (!subject.can(workload)) return null;
  const { calls, callsPerTick } = workload;
  const all = callsOf(workload);
  const ticks = Array.from({ length: Math.ceil(all.length / callsPerTick) }, (_, i) =>
    all.slice(i * callsPerTick, (i + 1) * callsPerTick),
  );
  const rounds = Math.ceil(calls / callsPerTick);
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  for (let i = 0; i < rounds; i++) await subject.make(ticks[i % ticks.length] ?? []);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  return { callsPerSecond: calls / seconds, cpuMicrosPerCall: (user + system) / calls };
}

process.on("message", async (workload: Workload) => {
  process.send?.(await measure(workload));
});
process.once("disconnect", () => process.exit());
process.send?.("ready");
