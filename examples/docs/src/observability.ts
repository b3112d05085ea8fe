// The code of docs/observability.md.
// #region batches
import { subscribe } from "node:diagnostics_channel";
import type { BatchMessage } from "@tickpipe/core";
// #endregion batches
// #region prom-client
import { collectMetrics } from "@tickpipe/core/metrics"; // needs prom-client 15
// #endregion prom-client
// #region open-telemetry
import { openTelemetry } from "@tickpipe/core/otel"; // needs @opentelemetry/api
// #endregion open-telemetry
// #region tests
import { countRoundTrips, expectNoWaterfall, expectRoundTrips } from "@tickpipe/core/testing";
// #endregion tests
import type { Tickpiped } from "@tickpipe/core";
import type { Redis } from "ioredis";

export function logBatches(console: { log(line: string): void }) {
  // #region batches
  subscribe("tickpipe:batch", (message) => {
    const { commands, bytes } = message as BatchMessage;
    console.log(`${commands} commands, ${bytes} bytes`);
  });
  // #endregion batches
}

export function forPromClient(redis: Tickpiped<Redis>) {
  // #region prom-client
  collectMetrics(redis); // or { register, client: "sessions" }
  // #endregion prom-client
}

export function forOpenTelemetry(redis: Tickpiped<Redis>) {
  // #region open-telemetry
  openTelemetry(redis); // with the global providers; or { meterProvider, tracerProvider, batchSpans: true }
  // #endregion open-telemetry
}

export function record(redis: Tickpiped<Redis>, console: { log(record: object): void }) {
  // #region record
  const end = redis.tickpipe.record((record) => console.log(record), { callSites: true });
  // #endregion record
  return end;
}

/** What the tests of an application have at hand. */
export interface Tested {
  readonly redis: Tickpiped<Redis>;
  readonly app: unknown;
  request(app: unknown): { get(path: string): Promise<unknown> };
  loadPosts(): Promise<string[]>;
  loadUser(redis: Redis, id: number): Promise<unknown>;
  expect(count: number): { toBe(expected: number): void };
}

export async function tests({ redis, app, request, loadPosts, loadUser, expect }: Tested) {
  // #region tests
  const posts = await expectRoundTrips(redis, () => loadPosts(), { atMost: 2 });
  await expectNoWaterfall(redis, () => request(app).get("/posts"));
  expect(await countRoundTrips(redis, (redis) => loadUser(redis, 1))).toBe(1);
  // #endregion tests
  return posts;
}
