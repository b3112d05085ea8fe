import {
  type DelayProxy,
  HOST,
  machineMillis,
  median,
  type RunningServer,
  startDelayProxy,
} from "@tickpipe/test-support";
import { Redis } from "ioredis";
import type { LatencyResult } from "../../results.ts";
import { isLimit } from "../../subject-names.ts";
import { takeTurnsWarm } from "../../take-turns.ts";
import { withSubjects } from "../running-subject.ts";
import { subjects } from "../subjects.ts";
import { smallGets } from "../workloads.ts";
import { seed } from "./throughput.ts";

const MILLIS_EACH_WAY = 1;
/** Calls per second, and in one round. */
const RATES: readonly (readonly [perSecond: number, calls: number])[] = [
  [500, 400],
  [5_000, 3_000],
];
const PINGS = 200;

/** All subjects but the limits, at fixed rates over a slow network. */
export async function runLatency(
  server: RunningServer,
  rounds: number,
  onResult: (result: LatencyResult) => void,
): Promise<void> {
  const names = Object.keys(subjects).filter((name) => !isLimit(name));
  await seed(server.port, 16, smallGets(1).length);
  const network = await startDelayProxy(server.port, MILLIS_EACH_WAY);
  try {
    await withSubjects(names, network.port, "server", async (running) => {
      for (const [perSecond, calls] of RATES) {
        const roundTripMillis = await roundTripOf(network);
        const load = { perSecond, calls, arrivalsPort: network.arrivalsPort };
        const measured = await takeTurnsWarm(running, rounds, Number.POSITIVE_INFINITY, (subject) =>
          subject.run("latency", load),
        );
        const name = `GET 16 B, ${perSecond.toLocaleString("en")} calls/s over ${2 * MILLIS_EACH_WAY} ms`;
        onResult({ name, perSecond, calls, roundTripMillis, subjects: measured });
      }
    });
  } finally {
    await network.stop();
  }
}

async function roundTripOf({ port }: DelayProxy): Promise<number> {
  const client = new Redis(port, HOST);
  await client.ping();
  const millis: number[] = [];
  for (let i = 0; i < PINGS; i++) {
    const start = machineMillis();
    await client.ping();
    millis.push(machineMillis() - start);
  }
  client.disconnect();
  return median(millis);
}
