import { arrive, type DelayProxy, machineMillis, startDelayProxy } from "@tickpipe/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";

const server = useServer();
let network: DelayProxy;
beforeAll(async () => {
  network = await startDelayProxy(server.port, 5);
});
afterAll(() => network.stop());

it("delays each way, never less than asked for, and keeps the order", async () => {
  const client = server.client({ port: network.port });
  await client.ping();
  for (let i = 0; i < 30; i++) {
    const start = machineMillis();
    await client.ping();
    expect(machineMillis() - start).toBeGreaterThanOrEqual(10);
  }
  const expected = range(500).map(String);
  const replies = expected.map(async (text, i) => {
    // Spread over turns of the event loop, so that they leave in many writes.
    for (let turn = 0; turn < i % 7; turn++) await new Promise(setImmediate);
    return client.echo(text);
  });
  expect(await Promise.all(replies)).toEqual(expected);
});

it("announces as many arrivals as asked for, in order and none before it is due", async () => {
  const seen: number[] = [];
  let early = 0;
  let lastDue = 0;
  await arrive(network.arrivalsPort, { perSecond: 1000, count: 100 }, (index, dueMillis) => {
    seen.push(index);
    if (machineMillis() < dueMillis) early += 1;
    if (index > 0) expect(dueMillis - lastDue).toBeCloseTo(1);
    lastDue = dueMillis;
  });
  expect(seen).toEqual(range(100));
  expect(early).toBe(0);
});
