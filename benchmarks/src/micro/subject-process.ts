/* A child process of the benchmark: one subject, run when it is told to. */
import { once } from "node:events";
import { subjects } from "./subjects.ts";
import type { Workload } from "./workloads.ts";

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

process.on("message", async ({ callsPerTick, calls }: Workload) => {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  for (let i = 0; i < calls; i += callsPerTick) await subject.get(i, callsPerTick);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  const measured: Measurement = { callsPerSecond: calls / seconds, cpuMicrosPerCall: (user + system) / calls };
  process.send?.(measured);
});
process.send?.("ready");
await once(process, "disconnect");
subject.close();
