import { type TickpipeOptions, tickpipe } from "@tickpipe/core";
import { eventually } from "@tickpipe/test-support";
import type { Redis, RedisOptions } from "ioredis";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { cappedOn, codes, OVERLOADED } from "../limits.ts";

const server = useServer();
let other: Redis;

beforeAll(() => {
  other = server.client();
});

beforeEach(async () => {
  await other.flushall();
});

const capped = (options: TickpipeOptions, redisOptions?: RedisOptions) => cappedOn(server, options, redisOptions);

describe('whenFull: "reject"', () => {
  it("rejects the calls beyond maxPending, sends nothing of them, and goes on afterwards", async () => {
    const redis = await capped({ maxPending: 10 });
    for (const round of [1, 2]) {
      const settled = await Promise.allSettled(range(13).map(() => redis.incr("counter")));
      expect(codes(settled)).toEqual([
        ...range(10).map((i) => (round - 1) * 10 + i + 1),
        ...[OVERLOADED, OVERLOADED, OVERLOADED],
      ]);
      expect(await redis.get("counter")).toBe(String(round * 10));
    }
    expect(redis.tickpipe.stats()).toMatchObject({ overloads: 6, pending: 0, waiting: 0 });
  });

  it("says how many are pending and which option it was, and no argument", async () => {
    const redis = await capped({ maxPending: 2 });
    const [, , rejected] = await Promise.allSettled(range(3).map(() => redis.set("key", "secret")));
    const { reason } = rejected as PromiseRejectedResult;
    expect(reason.name).toBe("TickpipeError");
    expect(reason.message).toContain("2 commands are pending, and maxPending is 2");
    expect(reason.message).not.toMatch(/key|secret/);
  });

  it("counts a pipeline's and a transaction's commands, and rejects them whole", async () => {
    const redis = await capped({ maxPending: 5 });
    const pipeline = (commands: number) =>
      range(commands)
        .reduce((all) => all.incr("counter"), redis.pipeline())
        .exec();
    const outcome = codes(
      await Promise.allSettled([
        pipeline(3),
        pipeline(3),
        redis.multi().incr("counter").exec(),
        redis.incr("counter"),
        redis.incr("counter"),
        redis.incr("counter"),
        pipeline(6),
      ]),
    );
    const three = [1, 2, 3].map((count) => [null, count]);
    expect(outcome).toEqual([three, OVERLOADED, OVERLOADED, 4, 5, OVERLOADED, OVERLOADED]);
    await expect(pipeline(6)).rejects.toThrow("It has 6 commands by itself, and maxPending is 5.");
    expect(await redis.get("counter")).toBe("5");
  });

  it("tells callbacks, and leaves no rejection unhandled then", async () => {
    const redis = await capped({ maxPending: 1 });
    redis.get("key");
    const errors = await Promise.all([
      new Promise((resolve) => redis.get("key", resolve)),
      new Promise((resolve) => redis.pipeline().get("key").exec(resolve)),
    ]);
    expect(errors).toEqual([OVERLOADED, OVERLOADED].map((code) => expect.objectContaining({ code })));
  });

  it("caps scripts, scopes and raw calls' company alike", async () => {
    const redis = await capped({ maxPending: 3 });
    redis.defineCommand("one", { lua: "return 1", numberOfKeys: 0 });
    const script = redis as unknown as { one(): Promise<number> };
    expect(await script.one()).toBe(1);
    const scoped = redis.tickpipe.scope().redis;
    const calls = [
      redis.tickpipe.client.get("key"),
      script.one(),
      scoped.get("key"),
      scoped.get("other"),
      script.one(),
    ];
    expect(codes(await Promise.allSettled(calls))).toEqual([null, 1, null, OVERLOADED, OVERLOADED]);
  });

  it("lets identical reads of a tick share one command, which takes no room twice", async () => {
    const redis = await capped({ maxPending: 1 });
    const calls = [redis.get("key"), redis.get("key"), redis.tickpipe.scope().redis.get("key"), redis.get("other")];
    expect(codes(await Promise.allSettled(calls))).toEqual([null, null, null, OVERLOADED]);
  });

  it.each<[string, (value: string) => unknown]>([
    ["an object", (value) => ({ a: value })],
    ["a Map", (value) => new Map([["a", value]])],
  ])("counts the bytes of %s", async (_form, make) => {
    const redis = await capped({ maxPendingBytes: 1_000_000 });
    const value = "x".repeat(100_000);
    const calls = range(30).map((i) => redis.hset(`k${i}`, make(value) as object));
    expect(codes(await Promise.allSettled(calls)).filter((code) => code === OVERLOADED).length).toBe(21);
  });

  it("counts what an object's text has, which it takes once", async () => {
    const redis = await capped({ maxPendingBytes: 1_000 });
    let taken = 0;
    const value = { toString: () => `${taken++}${"x".repeat(600)}` };
    const calls = [redis.set("k", value as never), redis.set("k", value as never)];
    expect(codes(await Promise.allSettled(calls))).toEqual(["OK", OVERLOADED]);
    expect((await redis.get("k"))?.slice(0, 2)).toBe("0x");
  });

  it("caps the bytes of arguments, and frees them with the replies", async () => {
    const redis = await capped({ maxPendingBytes: 1_000 });
    const set = (bytes: number, i: number) => redis.set(`k${i}`, Buffer.alloc(bytes));
    for (const _round of range(3)) {
      const settled = await Promise.allSettled([set(500, 1), set(450, 2), set(100, 3), set(10, 4), set(2_000, 5)]);
      expect(codes(settled)).toEqual(["OK", "OK", OVERLOADED, "OK", OVERLOADED]);
    }
    const [, rejected] = await Promise.allSettled([
      redis.mset("a", "x".repeat(900)),
      redis.mset(["b", "y".repeat(900)]),
    ]);
    expect((rejected as PromiseRejectedResult).reason.message).toMatch(
      /9\d\d bytes are pending, and maxPendingBytes is 1000/,
    );
    await expect(redis.set("k", "x".repeat(1_000))).rejects.toThrow("Its arguments have 1001 bytes");
  });

  it("does not tear a transaction of single calls apart, nor keep a client from quitting", async () => {
    const redis = await capped({ maxPending: 2 });
    redis.multi({ pipeline: false });
    const queued = range(3).map(() => redis.incr("counter"));
    expect(await redis.exec()).toEqual([1, 2, 3].map((count) => [null, count]));
    await Promise.all(queued);
    const calls = [redis.get("counter"), redis.get("counter"), redis.quit(), redis.get("counter")];
    expect(codes(await Promise.allSettled(calls))).toEqual(["3", "3", "OK", OVERLOADED]);
  });

  it("counts what waits for a connection, and serves again when there is one", async () => {
    const redis = tickpipe(server.client({ lazyConnect: true }), { maxPending: 5 });
    const settled = Promise.allSettled(range(8).map(() => redis.incr("counter")));
    expect(redis.tickpipe.stats()).toMatchObject({ pending: 5, overloads: 3 });
    expect(codes(await settled)).toEqual([1, 2, 3, 4, 5, OVERLOADED, OVERLOADED, OVERLOADED]);
    expect(await redis.incr("counter")).toBe(6);
  });

  it("counts what has timed out for its caller while ioredis still holds it", async () => {
    const redis = await capped({ maxPending: 3 }, { commandTimeout: 400 });
    await other.client("PAUSE", 60_000, "WRITE");
    try {
      expect(codes(await Promise.allSettled(range(3).map(() => redis.incr("key"))))).toEqual(
        range(3).map(() => "Command timed out"),
      );
      expect(codes(await Promise.allSettled([redis.get("key")]))).toEqual([OVERLOADED]);
    } finally {
      await other.client("UNPAUSE");
    }
    await eventually("all answered", () => redis.tickpipe.stats().pending === 0);
    expect(await redis.get("key")).toBe("3");
  });

  it("counts what a lost connection left unanswered once", async () => {
    const redis = tickpipe(server.client({ retryStrategy: () => 50 }), { maxPending: 4 });
    redis.on("error", () => {});
    await redis.ping();
    await other.client("PAUSE", 60_000, "WRITE");
    try {
      const calls = range(3).map(() => redis.incr("counter"));
      const closed = new Promise<number>((resolve) =>
        redis.once("close", () => resolve(redis.tickpipe.stats().pending)),
      );
      setImmediate(() => redis.disconnect(true));
      expect(await closed).toBe(3);
      expect(codes(await Promise.allSettled([redis.incr("x"), redis.incr("x")].slice(1)))).toEqual([OVERLOADED]);
      await other.client("UNPAUSE");
      await Promise.all(calls);
    } finally {
      await other.client("UNPAUSE");
    }
  });

  it("gives isolated blocking calls no room, so that the write which they wait for has it", async () => {
    const redis = await capped({ maxPending: 2, blocking: "isolate" });
    const waiting = range(4).map(() => redis.blpop("list", 0));
    await eventually("blocked", async () => (await other.info("clients")).includes("blocked_clients:4"));
    expect(await redis.rpush("list", ...range(4))).toBe(4);
    await Promise.all(waiting);
    expect(redis.tickpipe.stats()).toMatchObject({ pending: 0, overloads: 0 });
  });
});
