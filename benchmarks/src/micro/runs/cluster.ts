import { HOST, type RunningCluster } from "@tickpipe/test-support";
import { Cluster } from "ioredis";
import type { ClusterResult } from "../../results.ts";
import { withSubjects } from "../running-subject.ts";
import { subjectsOn } from "../subjects.ts";
import { keysOf, type Workload } from "../workloads.ts";
import { fill, takeTurnsAt, WARM_UP } from "./throughput.ts";

/**
 * The subjects that have a cluster mode at each workload, and then their writes.
 *
 * @param roundsOf how many rounds of it to measure
 * @param withinMillis how long a group may take, fewer rounds then
 * @param onResult is told each workload's result when it is there
 */
export async function runCluster(
  { nodes }: RunningCluster,
  groups: readonly (readonly Workload[])[],
  roundsOf: (workload: Workload) => number,
  withinMillis: number,
  onResult: (result: ClusterResult) => void,
): Promise<void> {
  const masters = nodes.filter(({ madeAs }) => madeAs === "master").length;
  const replicas = nodes.length - masters;
  const port = nodes[0]?.port ?? 0;
  const workloads = groups.flat();
  await withSubjects(Object.keys(subjectsOn("cluster")), port, "cluster", async (running) => {
    const client = new Cluster([{ host: HOST, port }]);
    await fill(client, WARM_UP.valueBytes, Math.max(...workloads.map(keysOf)));
    client.disconnect();
    for (const subject of running) await subject.run("throughput", WARM_UP);
    const results = [];
    for (const group of groups) {
      const [first] = group;
      if (first) results.push(...(await takeTurnsAt(group, running, roundsOf(first), withinMillis)));
    }
    // Last, since counting slows down those that write much.
    for (const [i, result] of results.entries()) {
      const writesPerNode: Record<string, number | null> = {};
      for (const subject of running) {
        const writes = await subject.run("writes", workloads[i] as Workload);
        writesPerNode[subject.name] = writes === null ? null : writes / masters;
      }
      onResult({ ...result, masters, replicas, writesPerNode });
    }
  });
}
