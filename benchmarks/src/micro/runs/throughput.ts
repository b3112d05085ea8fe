import { HOST, type RunningServer } from "@tickpipe/test-support";
import { type Cluster, Redis } from "ioredis";
import type { SubjectRounds, Throughput, WorkloadResult } from "../../results.ts";
import { takeTurnsWarm } from "../../take-turns.ts";
import { type RunningSubject, withSubjects } from "../running-subject.ts";
import { subjects } from "../subjects.ts";
import { keyOf, keysOf, type Workload } from "../workloads.ts";

/** Before the first workload: until then V8 runs a subject's code in its interpreter, where more code costs more. */
export const WARM_UP: Workload = {
  ...{ name: "warm-up", kind: "get", commands: ["get"], valueBytes: 16, quick: true },
  ...{ callsPerTick: 100, calls: 30_000, moreRounds: 1 },
};

/**
 * All subjects at each workload.
 *
 * @param roundsOf how many rounds of it to measure
 * @param withinMillis how long a group may take, fewer rounds then
 * @param onResult is told each workload's result when it is there
 */
export async function runThroughput(
  server: RunningServer,
  groups: readonly (readonly Workload[])[],
  roundsOf: (workload: Workload) => number,
  withinMillis: number,
  onResult: (result: WorkloadResult) => void,
): Promise<void> {
  await withSubjects(Object.keys(subjects), server.port, "server", async (running) => {
    await seed(server.port, WARM_UP.valueBytes, keysOf(WARM_UP));
    for (const subject of running) await subject.run("throughput", WARM_UP);
    for (const group of groups) {
      const [first] = group;
      if (!first) continue;
      await seed(server.port, first.valueBytes, Math.max(...group.map(keysOf)));
      for (const result of await takeTurnsAt(group, running, roundsOf(first), withinMillis)) onResult(result);
    }
  });
}

/** Some subjects at the workloads of a group, each of which is measured in each turn. */
export async function takeTurnsAt(
  group: readonly Workload[],
  running: readonly RunningSubject[],
  rounds: number,
  withinMillis: number,
): Promise<WorkloadResult[]> {
  const measured = await takeTurnsWarm(running, rounds, withinMillis, async (subject) => {
    const turn: Throughput[] = [];
    for (const workload of group) {
      const round = await subject.run("throughput", workload);
      if (round === null) return null;
      turn.push(round);
    }
    return turn;
  });
  return group.map(({ name, callsPerTick, calls, valueBytes, commands }, i) => {
    const subjects: SubjectRounds<Throughput>[] = measured.map((subject) => ({
      name: subject.name,
      rounds: subject.rounds.flatMap((turn) => turn[i] ?? []),
    }));
    return { name, callsPerTick, calls, valueBytes, commands, subjects };
  });
}

/** Fills an empty server with what the workloads read. */
export async function seed(port: number, valueBytes: number, keys: number): Promise<void> {
  const client = new Redis(port, HOST);
  await client.flushall();
  await fill(client, valueBytes, keys);
  client.disconnect();
}

/** Writes what the workloads read. */
export async function fill(client: Redis | Cluster, valueBytes: number, keys: number): Promise<void> {
  const value = "x".repeat(valueBytes);
  const fields = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`field${i}`, `value ${i}`]));
  for (let i = 0; i < keys; i++) {
    await Promise.all([client.set(keyOf("get", i), value), client.hset(keyOf("hgetall", i), fields)]);
  }
}
