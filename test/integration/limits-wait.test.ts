import { AsyncLocalStorage } from "node:async_hooks";
import type { TickpipeOptions } from "@tickpipe/core";
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

describe('whenFull: "wait"', () => {
  it("makes every call, in order, with never more pending than allowed", async () => {
    const redis = await capped({ maxPending: 10, whenFull: "wait" });
    const raw = redis.tickpipe.client as Redis & { commandQueue: { length: number } };
    const { sendCommand } = raw;
    let most = 0;
    raw.sendCommand = function (this: Redis, ...args: []) {
      most = Math.max(most, raw.commandQueue.length + 1);
      return (sendCommand as (...all: unknown[]) => unknown).apply(this, args);
    } as typeof sendCommand;
    const calls = range(200).map((i) =>
      i % 50 === 7 ? redis.pipeline().incr("counter").incr("counter").exec() : redis.incr("counter"),
    );
    expect(redis.tickpipe.stats()).toMatchObject({ waiting: 191, pending: 10 });
    const replies = await Promise.all(calls);
    expect(replies.flat(2).filter((reply) => reply !== null)).toEqual(range(204).map((i) => i + 1));
    expect(most).toBe(10);
    expect(redis.tickpipe.stats()).toMatchObject({ waiting: 0, pending: 0, overloads: 0 });
  });

  it("lets no small call pass a large one that waits", async () => {
    const redis = await capped({ maxPending: 4, whenFull: "wait" });
    const pipeline = redis.pipeline().rpush("list", 1).rpush("list", 2).rpush("list", 3);
    const calls = [redis.rpush("list", 0), redis.rpush("list", 0), pipeline.exec(), redis.rpush("list", 4)];
    await Promise.all(calls);
    expect(await redis.lrange("list", 0, -1)).toEqual(["0", "0", "1", "2", "3", "4"]);
  });

  it("tells a callback what fails after the wait, and leaves no rejection unhandled", async () => {
    const redis = await capped({ maxPending: 1, whenFull: "wait" });
    await redis.set("text", "value");
    redis.ping();
    const error = await new Promise((resolve) => redis.lpush("text", "value", resolve));
    expect(String(error)).toContain("WRONGTYPE");
  });

  it("rejects a call that waited with what ioredis throws when it is made", async () => {
    const redis = await capped({ maxPending: 1, whenFull: "wait" });
    const raw = redis.tickpipe.client as Redis;
    raw.incr = () => {
      throw new RangeError("not today");
    };
    const [first, second, third] = await Promise.allSettled([redis.ping(), redis.incr("key"), redis.ping()]);
    expect([first, third].map((each) => each?.status)).toEqual(["fulfilled", "fulfilled"]);
    expect(second).toMatchObject({ reason: { name: "RangeError", message: "not today" } });
    expect(redis.tickpipe.stats()).toMatchObject({ waiting: 0, pending: 0 });
  });

  it("waits for bytes as well, and rejects only what can never fit", async () => {
    const redis = await capped({ maxPendingBytes: 1_000, whenFull: "wait" });
    const calls = range(20).map((i) => redis.set("k", Buffer.alloc(300 + i)));
    expect(codes(await Promise.allSettled([...calls, redis.set("k", Buffer.alloc(1_001))]))).toEqual([
      ...range(20).map(() => "OK"),
      OVERLOADED,
    ]);
    expect(await redis.strlen("k")).toBe(319);
  });

  it("keeps each caller's async context, also with callbacks", async () => {
    const context = new AsyncLocalStorage<number>();
    const redis = await capped({ maxPending: 1, whenFull: "wait" });
    const raw = redis.tickpipe.client as Redis;
    const { sendCommand } = raw;
    const seen: unknown[] = [];
    raw.sendCommand = function (this: Redis, ...args: []) {
      seen.push(context.getStore());
      return (sendCommand as (...all: unknown[]) => unknown).apply(this, args);
    } as typeof sendCommand;
    const replies = range(4).map((i) =>
      context.run(i, () => new Promise((resolve) => redis.incr("counter", (error, reply) => resolve(error ?? reply)))),
    );
    expect(await Promise.all(replies)).toEqual([1, 2, 3, 4]);
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  it("times out while waiting as ioredis does while in flight", async () => {
    const redis = await capped({ maxPending: 1, whenFull: "wait" }, { commandTimeout: 400 });
    await other.client("PAUSE", 60_000, "WRITE");
    const timedOut = { message: "Command timed out" };
    try {
      const callback = new Promise((resolve) => setImmediate(() => redis.incr("key", resolve)));
      const settled = await Promise.allSettled(range(3).map(() => redis.incr("key")));
      expect(codes(settled)).toEqual(range(3).map(() => timedOut.message));
      expect(await callback).toMatchObject(timedOut);
    } finally {
      await other.client("UNPAUSE");
    }
    await eventually("all answered", () => redis.tickpipe.stats().pending === 0);
    // The first had been sent; the others never were.
    expect(await redis.get("key")).toBe("1");
  });

  it("settles what waits when the client ends, with ioredis's own error", async () => {
    const redis = await capped({ maxPending: 2, whenFull: "wait" });
    const settled = Promise.allSettled(range(6).map((i) => redis.get(`key:${i}`)));
    redis.disconnect();
    expect(codes(await settled).slice(2)).toEqual(range(4).map(() => "Connection is closed."));
    expect(redis.tickpipe.stats()).toMatchObject({ waiting: 0, pending: 0 });
  });

  it("goes on after a blocking call has made room", async () => {
    const redis = await capped({ maxPending: 1, whenFull: "wait" });
    const waiting = [redis.blpop("list", 0), redis.incr("counter"), redis.incr("counter")];
    await eventually("blocked", async () => (await other.info("clients")).includes("blocked_clients:1"));
    await other.rpush("list", "element");
    expect(await Promise.all(waiting)).toEqual([["list", "element"], 1, 2]);
  });
});
