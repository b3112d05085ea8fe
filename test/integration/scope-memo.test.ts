import { type Scope, type ScopeOptions, type Tickpiped, tickpipe } from "@tickpipe/core";
import { Command, type Redis } from "ioredis";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { range, useServer } from "../engine.ts";

const server = useServer();
let plain: Redis;
let redis: Tickpiped<Redis>;

beforeAll(() => {
  plain = server.client();
  redis = tickpipe(server.client(), { blocking: "isolate" });
});

beforeEach(async () => {
  await plain.flushall();
  await plain.set("key", "value");
  await plain.hset("hash", { a: "1" });
});

const open = (options?: ScopeOptions): Scope<Redis> => redis.tickpipe.scope(options);

describe("a scope's memo", () => {
  it("answers a read of the same scope again without sending it, each time with a copy", async () => {
    const scope = open({ memo: true });
    const hash = await scope.redis.hgetall("hash");
    Object.assign(hash, { a: "spoilt" });
    await plain.hset("hash", "a", "2");
    const again = await scope.redis.hgetall("hash");
    expect(again).toEqual({ a: "1" });
    Object.assign(again, { a: "spoilt" });
    expect(await scope.redis.hgetall("hash")).toEqual({ a: "1" });
    expect(Buffer.from((await scope.redis.getBuffer("key")) ?? "").fill(0)).toHaveLength(5);
    (await scope.redis.getBuffer("key"))?.fill(0);
    expect(await scope.redis.getBuffer("key")).toEqual(Buffer.from("value"));
    expect(scope.stats()).toMatchObject({ commands: 2, memoHits: 4 });
  });

  it("is of one scope, off unless asked for, and only for the commands asked for", async () => {
    const [first, second, off, some] = [open({ memo: true }), open({ memo: true }), open(), open({ memo: ["get"] })];
    for (const scope of [first, second, off, some]) {
      await scope.redis.get("key");
      await scope.redis.hgetall("hash");
    }
    await plain.set("key", "new");
    for (const [scope, key, hits] of [
      [first, "value", 2],
      [second, "value", 2],
      [off, "new", 0],
      [some, "value", 1],
    ] as const) {
      expect(await scope.redis.get("key")).toBe(key);
      await scope.redis.hgetall("hash");
      expect(scope.stats().memoHits).toBe(hits);
    }
  });

  // What the scope calls between two reads of "key", and whether the second must go to Redis.
  const between: [string, (view: Redis) => unknown, boolean][] = [
    ["a write to the key", (view) => view.append("key", "!"), true],
    ["a write to another key", (view) => view.set("other", "!"), false],
    ["a read of another kind", (view) => view.strlen("key"), false],
    ["a script", (view) => view.eval("return redis.call('append', 'key', '!')", 0), true],
    ["a pipeline", (view) => view.pipeline().append("key", "!").exec(), true],
    ["call()", (view) => view.call("append", "key", "!"), true],
    ["SELECT", (view) => view.select(0), true],
  ];
  it.each(between)("after %s keeps only what is still so", async (_name, call, mustBeSent) => {
    const scope = open({ memo: true });
    const { redis: view } = scope;
    await view.get("key");
    await call(view);
    expect(await view.get("key")).toBe(await plain.get("key"));
    expect(scope.stats().memoHits).toBe(mustBeSent ? 0 : 1);
  });

  it("keeps no reply to a read that was called before a write and answered after it was called", async () => {
    const { redis: view } = open({ memo: true });
    const early = view.get("key");
    const written = view.set("key", "new");
    expect(await early).toBe("value");
    await written;
    expect(await view.get("key")).toBe("new");
  });

  it("knows that a blocking call writes when it is answered", async () => {
    const { redis: view } = open({ memo: true });
    const popped = view.blpop("list", 0);
    await plain.set("signal", 1);
    expect(await view.llen("list")).toBe(0);
    await plain.rpush("list", "a", "b");
    await popped;
    expect(await view.llen("list")).toBe(1);
  });

  it("keeps no error, answers no callback, and reads afresh on demand", async () => {
    const scope = open({ memo: true });
    const { redis: view } = scope;
    await plain.rpush("list", "a");
    await expect(view.get("list")).rejects.toThrow("WRONGTYPE");
    await plain.del("list");
    await plain.set("list", "text");
    expect(await view.get("list")).toBe("text");
    await plain.set("list", "newer");
    expect(await new Promise((resolve) => view.get("list", (_error, reply) => resolve(reply)))).toBe("newer");
    expect(await view.get("list")).toBe("text");
    expect(await scope.fresh.get("list")).toBe("newer");
    expect(await view.get("list")).toBe("newer");
    expect(scope.fresh.tickpipe.currentScope()).toBe(scope);
  });

  it("keeps nothing of which a copy would be something else, and lets the call be", async () => {
    const scope = open({ memo: true });
    const holdsItself: unknown[] = [];
    holdsItself.push(holdsItself);
    const withGetter = Object.defineProperty({}, "length", { get: () => 5, enumerable: true });
    for (const made of [new Date(0), holdsItself, withGetter, () => "value"]) {
      Command.setReplyTransformer("strlen", () => made);
      onTestFinished(() => Command.setReplyTransformer("strlen", (length) => length));
      expect(await scope.redis.strlen("key")).toBe(made);
    }
    expect(scope.stats()).toMatchObject({ commands: 4, memoHits: 0 });
  });

  it("is bounded in entries and in bytes, and gives up the oldest", async () => {
    const scope = open({ memo: true });
    for (const i of range(1_001)) await scope.redis.get(`k${i}`);
    await scope.redis.get("k1000");
    expect(scope.stats().memoHits).toBe(1);
    await scope.redis.get("k0");
    expect(scope.stats().memoHits).toBe(1);
    await plain.set("large", "x".repeat(1024 * 1024 + 1));
    await scope.redis.get("large");
    await scope.redis.get("large");
    expect(scope.stats().memoHits).toBe(1);
  });
});
