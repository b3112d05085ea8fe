/* A child process of the benchmark: autocannon, so that its CPU time is not the server's. */
import { createHistogram } from "node:perf_hooks";
import { endAfter } from "@tickpipe/test-support";
import autocannon, { type Client } from "autocannon";
import type { LoadRound } from "../results.ts";
import { pace } from "./pacing.ts";
import { expectSeededValues } from "./values.ts";

/** For how long at most the answers that are under way at the end of a round are waited for, in seconds. */
const LAST_ANSWER_SECONDS = 2;

/** What to load, and how. */
export interface LoadOrder {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Evenly spaced; `null` for as many as are answered. */
  readonly ratePerSecond: number | null;
  /** The seeded values that an answer must hold; `null` for any answer. */
  readonly values: number | null;
}

async function load({ url, connections, seconds, ratePerSecond }: LoadOrder): Promise<LoadRound> {
  // autocannon's own histogram holds whole milliseconds.
  const latencyMicros = createHistogram();
  const used = Math.min(connections, ratePerSecond ?? connections);
  const start = performance.now();
  let clients = 0;
  const setupClient = (client: Client): void => {
    const interval = (used / (ratePerSecond ?? 1)) * 1000;
    const paced = ratePerSecond === null ? null : pace(client, start + (clients++ / used) * interval, interval);
    endAfter(client, start + seconds * 1000);
    client.on("response", (_status, _bytes, millis) => {
      latencyMicros.record(Math.max(1, Math.round((millis + (paced?.behindMillis ?? 0)) * 1000)));
    });
  };
  // Ends early when every connection failed once: it would connect again without a pause.
  const bailout = connections;
  const duration = seconds + LAST_ANSWER_SECONDS;
  const result = await autocannon({ url, connections: used, duration, sampleInt: 20, bailout, setupClient });
  return {
    requestsPerSecond: result["2xx"] / ((result.finish.getTime() - result.start.getTime()) / 1000),
    p50Millis: latencyMicros.percentile(50) / 1000,
    p99Millis: latencyMicros.percentile(99) / 1000,
    // Timeouts are among them.
    errors: result.errors,
    non2xx: result.non2xx,
  };
}

/** One request before the load, to see that the answer is right. */
async function check({ url, values }: LoadOrder): Promise<void> {
  if (values === null) return;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the first request was answered with status ${response.status}.`);
  expectSeededValues(await response.json(), values);
}

process.on("message", async (order: LoadOrder) => {
  try {
    await check(order);
    process.send?.(await load(order));
  } catch (error) {
    process.send?.({ failure: error instanceof Error ? error.message : String(error) });
  }
});
process.once("disconnect", () => process.exit());
process.send?.("ready");
