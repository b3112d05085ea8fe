import type { RunningServer } from "@tickpipe/test-support";
import { HOST } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import type { Throughput, WorkloadResult } from "../../results.ts";
import { takeTurnsWarm } from "../../take-turns.ts";
import { withSubjects } from "../running-subject.ts";
import { subjects } from "../subjects.ts";
import { keyOf, keysOf, type Workload } from "../workloads.ts";

/** Before the first workload: until then V8 runs a subject's code in its interpreter, where more code costs more. */
const WARM_UP: Workload = {
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
  await withSubjects(Object.keys(subjects), server.port, async (running) => {
    await seed(server.port, WARM_UP.valueBytes, keysOf(WARM_UP));
    for (const subject of running) await subject.run("throughput", WARM_UP);
    for (const group of groups) {
      const [first] = group;
      if (!first) continue;
      await seed(server.port, first.valueBytes, Math.max(...group.map(keysOf)));
      const measured = await takeTurnsWarm(running, roundsOf(first), withinMillis, async (subject) => {
        const turn: Throughput[] = [];
        for (const workload of group) {
          const round = await subject.run("throughput", workload);
          if (round === null) return null;
          turn.push(round);
        }
        return turn;
      });
      group.forEach(({ name, callsPerTick, calls, valueBytes, commands }, i) => {
        const ofThis = measured.map((subject) => ({
          name: subject.name,
          rounds: subject.rounds.flatMap((turn) => turn[i] ?? []),
        }));
        onResult({ name, callsPerTick, calls, valueBytes, commands, subjects: ofThis });
      });
    }
  });
}

/** Fills an empty server with what the workloads read. */
export async function seed(port: number, valueBytes: number, keys: number): Promise<void> {
  const client = new Redis(port, HOST);
  const value = "x".repeat(valueBytes);
  const fields = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`field${i}`, `value ${i}`]));
  await client.flushall();
  for (let i = 0; i < keys; i++) {
    await Promise.all([client.set(keyOf("get", i), value), client.hset(keyOf("hgetall", i), fields)]);
  }
  client.disconnect();
}
