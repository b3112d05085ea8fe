import type { Throughput } from "../results.ts";
import type { Subject } from "./subjects.ts";
import { ticksOf, type Workload } from "./workloads.ts";

/** One round of a workload, as fast as it goes; `null` if the subject cannot do it. */
export async function measureThroughput(subject: Subject, workload: Workload): Promise<Throughput | null> {
  if (!subject.can(workload)) return null;
  const { calls, callsPerTick } = workload;
  const ticks = ticksOf(workload);
  const rounds = Math.ceil(calls / callsPerTick);
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  for (let i = 0; i < rounds; i++) await subject.make(ticks[i % ticks.length] ?? []);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  return { callsPerSecond: calls / seconds, cpuMicrosPerCall: (user + system) / calls };
}
