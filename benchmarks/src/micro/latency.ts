import { arrive, machineMillis } from "@tickpipe/test-support";
import type { Latency } from "../results.ts";
import { quantile } from "../statistics.ts";
import type { Subject } from "./subjects.ts";
import type { Load } from "./tasks.ts";
import { smallGets } from "./workloads.ts";

/**
 * One round of single GETs that arrive at a fixed rate, whether or not those before have their replies. Each is timed
 * from when it was due: a call that is made late, since the subject was busy, has waited that long.
 */
export async function measureLatency(subject: Subject, { perSecond, calls, arrivalsPort }: Load): Promise<Latency> {
  const ticks = smallGets(1).map((call) => [call]);
  const waited = new Float64Array(calls);
  const pending: Promise<void>[] = [];
  const cpu = process.cpuUsage();
  await arrive(arrivalsPort, { perSecond, count: calls }, (i, dueMillis) => {
    const made = subject.make(ticks[i % ticks.length] ?? []);
    pending.push(
      made.then(() => {
        waited[i] = machineMillis() - dueMillis;
      }),
    );
  });
  await Promise.all(pending);
  const { user, system } = process.cpuUsage(cpu);
  return {
    p50Millis: quantile(waited, 0.5),
    p99Millis: quantile(waited, 0.99),
    cpuMicrosPerCall: (user + system) / calls,
  };
}
