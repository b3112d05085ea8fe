import { tickpipe } from "@tickpipe/core";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";

const server = useServer();

// An argument that cannot be made a string leaves a promise of ioredis's own rejected that nobody can get at: on the
// plain client as well. Those rejections are set aside here instead of failing the run.
const expected: unknown[] = [];
const note = (reason: unknown) => expected.push(reason);
let listeners: NodeJS.UnhandledRejectionListener[] = [];
beforeAll(() => {
  listeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", note);
});
afterAll(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  process.removeAllListeners("unhandledRejection");
  for (const listener of listeners) process.on("unhandledRejection", listener);
  for (const reason of expected) expect(String(reason)).toMatch(/primitive value|not today/);
});

const poisons: Record<string, () => unknown> = {
  "no toString": () => ({ toString: 1 }),
  "a toString that throws": () => ({
    toString() {
      throw new RangeError("not today");
    },
  }),
  "no prototype": () => Object.create(null),
};

/** What a call came to, thrown errors told from rejections. */
async function outcome(call: () => Promise<unknown>): Promise<unknown> {
  try {
    const promise = call();
    return await promise.then(
      (reply) => ["replied", reply],
      (error: Error) => ["rejected", error.name, error.message],
    );
  } catch (error) {
    return ["thrown", (error as Error).name, (error as Error).message];
  }
}

async function seeded(redis: Redis): Promise<Redis> {
  await redis.mset(Object.fromEntries(range(100).map((i) => [`k${i}`, `v${i}`])));
  return redis;
}

describe.each(Object.entries(poisons))("an argument that cannot be encoded: %s", (_name, poison) => {
  it("fails only its own call, wherever in a tick it stands, as the plain client fails it", async () => {
    const plain = await seeded(server.client());
    const redis = tickpipe(await seeded(server.client()));
    const tick = (client: Redis, position: number) =>
      range(100).map((i) => outcome(() => client.get(i === position ? (poison() as string) : `k${i}`)));
    const native = await Promise.all(tick(plain, 0));
    expect(native[0]).toEqual(["thrown", "TypeError", expect.any(String)]);
    for (const position of range(100)) {
      const outcomes = await Promise.all(tick(redis, position));
      expect(outcomes).toEqual(range(100).map((i) => (i === position ? native[0] : ["replied", `v${i}`])));
    }
  });

  it("fails its own call in a scope, which counts an error, and none of those beside it", async () => {
    const plain = await seeded(server.client());
    const native = await outcome(() => plain.get(poison() as string));
    const redis = tickpipe(await seeded(server.client()));
    for (const options of [{}, { memo: true }, { deadlineMs: 60_000 }]) {
      const scope = redis.tickpipe.scope(options);
      const calls = [
        () => scope.redis.get("k1"),
        () => scope.redis.get(poison() as string),
        () => scope.redis.get("k2"),
      ];
      expect(await Promise.all(calls.map(outcome))).toEqual([["replied", "v1"], native, ["replied", "v2"]]);
      expect(scope.stats()).toMatchObject({ commands: 3, errors: 1 });
      scope.close();
    }
  });

  it("fails a blocking call as the plain client fails it, and none of those beside it", async () => {
    const plain = await seeded(server.client());
    const redis = tickpipe(await seeded(server.client()), { blocking: "isolate" });
    const native = await outcome(() => plain.blpop(poison() as string, 0.001));
    const [before, own, after] = await Promise.all([
      outcome(() => redis.get("k1")),
      outcome(() => redis.blpop(poison() as string, 0.001)),
      outcome(() => redis.blpop("none", 0.001)),
    ]);
    expect([before, own, after]).toEqual([["replied", "v1"], native, ["replied", null]]);
    expect(redis.tickpipe.stats().blockingConnections, "that of the call that could be sent").toBe(1);
  });

  it("fails only its own pipeline, and moves no other reply", async () => {
    const redis = tickpipe(await seeded(server.client()));
    for (const position of range(5)) {
      const before = redis.get("k1");
      const pipeline = redis.pipeline();
      for (const i of range(5)) pipeline.get(i === position ? (poison() as string) : `k${i}`);
      const poisoned = outcome(() => pipeline.exec());
      const multi = redis
        .multi()
        .get("k3")
        .get(poison() as string);
      const poisonedMulti = outcome(() => multi.exec());
      const good = redis.pipeline().get("k4").get("k5").exec();
      const after = redis.get("k2");
      expect(await Promise.all([before, after])).toEqual(["v1", "v2"]);
      expect(await good).toEqual([
        [null, "v4"],
        [null, "v5"],
      ]);
      expect(await poisoned).toEqual(["thrown", "TypeError", expect.any(String)]);
      expect(await poisonedMulti).toEqual(["thrown", "TypeError", expect.any(String)]);
    }
    expect(await Promise.all(range(100).map((i) => redis.get(`k${i}`)))).toEqual(range(100).map((i) => `v${i}`));
  });

  it("fails only its own call while the connection is not there yet, and all others are answered", async () => {
    await seeded(server.client());
    const redis = tickpipe(server.client({ lazyConnect: true }));
    redis.defineCommand("read", { numberOfKeys: 1, lua: "return redis.call('get', KEYS[1])" });
    const read = (key: unknown) => (redis as unknown as { read(key: unknown): Promise<unknown> }).read(key);
    const outcomes = await Promise.all([
      outcome(() => redis.get("k1")),
      outcome(() => redis.get(poison() as string)),
      outcome(() => redis.pipeline().get("k2").exec()),
      outcome(() => read(poison())),
      outcome(() => redis.tickpipe.scope().redis.set("other", poison() as string)),
      outcome(() => redis.get("k3")),
    ]);
    expect(outcomes).toEqual([
      ["replied", "v1"],
      ["rejected", expect.any(String), expect.any(String)],
      ["replied", [[null, "v2"]]],
      ["rejected", expect.any(String), expect.any(String)],
      ["rejected", expect.any(String), expect.any(String)],
      ["replied", "v3"],
    ]);
    const plain = server.client({ lazyConnect: true });
    expect(outcomes[1]).toEqual(await outcome(() => plain.get(poison() as string)));
    // The plain client keeps the command, and would throw outside of any call when it comes to send or to reject it.
    (plain as unknown as { offlineQueue: { clear(): void } }).offlineQueue.clear();
  });
});
