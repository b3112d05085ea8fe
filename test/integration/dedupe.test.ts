import { type Tickpiped, type TickpipeOptions, tickpipe } from "@tickpipe/core";
import type { Redis } from "ioredis";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { clientVariants } from "../variants.ts";

const server = useServer();
let plain: Redis;

beforeAll(() => {
  plain = server.client();
});

beforeEach(async () => {
  await plain.flushall();
  await plain.set("key", "value");
  await plain.hset("hash", { a: "1", b: "2" });
});

async function wrapped(options?: TickpipeOptions): Promise<Tickpiped<Redis>> {
  const redis = tickpipe(server.client(), options);
  await redis.ping();
  return redis;
}

/** How often the server has run each command while the calls were made. */
async function commandsSeen(calls: () => Promise<unknown>): Promise<Record<string, number>> {
  await plain.config("RESETSTAT");
  await calls();
  const stats = await plain.info("commandstats");
  const seen = [...stats.matchAll(/cmdstat_([\w|]+):calls=(\d+)/g)].map(([, name, count]) => [name, Number(count)]);
  return Object.fromEntries(seen.filter(([name]) => !["config|resetstat", "info"].includes(String(name))));
}

describe("identical reads in a tick", () => {
  it("are one command at the server, whoever calls them", async () => {
    const redis = await wrapped();
    const scope = redis.tickpipe.scope();
    let replies: unknown[] = [];
    const seen = await commandsSeen(async () => {
      replies = await Promise.all(range(100).map((i) => (i % 2 ? redis : scope.redis).get("key")));
    });
    expect(seen).toEqual({ get: 1 });
    expect(replies).toEqual(range(100).map(() => "value"));
    expect(redis.tickpipe.stats().deduplicated).toBe(99);
    expect(scope.stats().commands).toBe(50);
  });

  it("are sent on either side of a write to their key, and give what was there then", async () => {
    const redis = await wrapped();
    const read = () => range(50).map(() => redis.get("key"));
    let replies: unknown[] = [];
    const seen = await commandsSeen(async () => {
      replies = await Promise.all([...read(), redis.set("key", "new"), ...read()]);
    });
    expect(seen).toEqual({ get: 2, set: 1 });
    expect(replies).toEqual([...range(50).map(() => "value"), "OK", ...range(50).map(() => "new")]);
  });

  // What is called between two reads of "key", and whether the second one must be sent.
  const between: [string, (redis: Tickpiped<Redis>) => unknown, boolean][] = [
    ["nothing", () => {}, false],
    ["a write to another key", (redis) => redis.set("other", 1), false],
    ["another read", (redis) => redis.hgetall("hash"), false],
    ["a command that changes nothing", (redis) => redis.ttl("key"), false],
    ["a write by a Buffer key", (redis) => redis.set(Buffer.from("key"), 1), true],
    ["a write with nested arguments", (redis) => redis.del(["other", "key"]), true],
    ["a write through call()", (redis) => redis.call("SET", "key", 1), true],
    ["a write whose keys are not looked at", (redis) => redis.mset("other", 1), true],
    ["a script", (redis) => redis.eval("return 1", 0), true],
    ["a pipeline", (redis) => redis.pipeline().set("key", 1).exec(), true],
    ["a transaction", (redis) => redis.multi().set("key", 1).exec(), true],
    ["SELECT", (redis) => redis.select(1), true],
    ["a write on the raw client", (redis) => redis.tickpipe.client.set("key", 1), true],
    ["sendCommand", (redis) => redis.sendCommand(Reflect.construct(commandClass(redis), ["set", ["key", "1"]])), true],
    ["a flush", (redis) => redis.tickpipe.flush(), true],
    ["a write with a callback", (redis) => redis.set("key", 1, () => {}), true],
  ];

  it.each(between)("with %s between them", async (_name, call, mustBeSent) => {
    const attempt = async (dedupe: boolean) => {
      await plain.set("key", "value");
      const redis = await wrapped({ dedupe });
      const calls = [redis.get("key"), call(redis), redis.get("key"), redis.get("key")];
      const { deduplicated } = redis.tickpipe.stats();
      return { deduplicated, replies: await Promise.all(calls) };
    };
    const [shared, sent] = [await attempt(true), await attempt(false)];
    expect(shared.replies).toEqual(sent.replies);
    expect([shared.deduplicated, sent.deduplicated]).toEqual([mustBeSent ? 1 : 2, 0]);
  });

  it("are told apart by method and by every argument", async () => {
    const redis = await wrapped();
    await plain.mset("a", "1", "ab", "2", "b", "3");
    const calls = (client: Redis): Promise<unknown>[] => [
      client.get("key"),
      client.getBuffer("key"),
      client.strlen("key"),
      client.mget("a", "bc"),
      client.mget("ab", "c"),
      client.mget("abc"),
      client.hmget("hash", "a", "b"),
      client.hmget("hash", "ab"),
      client.getrange("key", 0, 1),
      client.getrange("key", 0, 2),
      client.getrange("key", 0, 1),
      client.getrange("key", "0", "1"),
    ];
    expect(await Promise.all(calls(redis))).toEqual(await Promise.all(calls(plain)));
    expect(redis.tickpipe.stats().deduplicated).toBe(2);
  });

  it("give each caller a reply of its own", async () => {
    const redis = await wrapped();
    const readAndSpoil = [
      async () => Object.assign(await redis.hgetall("hash"), { a: "spoilt" }),
      async () => ((await redis.mget("key", "key")) as string[]).fill("spoilt"),
      async () => ((await redis.getBuffer("key")) as Buffer).fill(0),
      async () => ((await redis.mgetBuffer("key")) as Buffer[])[0]?.fill(0),
      async () => Object.assign(await redis.lrange("key", 0, -1).catch((error: Error) => error), { message: "spoilt" }),
    ];
    const read = [
      () => redis.hgetall("hash"),
      () => redis.mget("key", "key"),
      () => redis.getBuffer("key"),
      () => redis.mgetBuffer("key"),
      () => redis.lrange("key", 0, -1).catch((error: Error) => error),
    ];
    // The first caller goes on before the second has its reply.
    const replies = read.map((second, i) => {
      readAndSpoil[i]?.();
      return second();
    });
    const [hash, list, buffer, buffers, error] = await Promise.all(replies as Promise<unknown>[]);
    expect([hash, list]).toEqual([{ a: "1", b: "2" }, ["value", "value"]]);
    expect([buffer, buffers]).toEqual([Buffer.from("value"), [Buffer.from("value")]]);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "ReplyError", message: expect.stringContaining("WRONGTYPE") });
    expect(redis.tickpipe.stats().deduplicated).toBe(5);
  });

  it("settle in the order of their calls", async () => {
    const redis = await wrapped();
    const order: string[] = [];
    const note = (name: string, call: Promise<unknown>) => call.then(() => order.push(name));
    await Promise.all([
      note("get 1", redis.get("key")),
      note("hash", redis.hgetall("hash")),
      note("get 2", redis.get("key")),
      note("get 3", redis.get("key")),
      note("set", redis.set("other", 1)),
      note("hash 2", redis.hgetall("hash")),
      note("get 4", redis.get("key")),
    ]);
    expect(order).toEqual(["get 1", "hash", "get 2", "get 3", "set", "hash 2", "get 4"]);
    expect(redis.tickpipe.stats().deduplicated).toBe(4);
  });

  it("are each sent where they are no plain reads, with dedupe off, or in another tick", async () => {
    const redis = await wrapped();
    expect(
      await commandsSeen(() =>
        Promise.all([redis.get("key", () => {}), redis.get("key", () => {}), redis.call("get", "key")]),
      ),
    ).toEqual({ get: 3 });
    expect(await commandsSeen(async () => [await redis.get("key"), await redis.get("key")])).toEqual({ get: 2 });
    expect(await commandsSeen(() => Promise.all([redis.randomkey(), redis.randomkey()]))).toEqual({ randomkey: 2 });
    const off = await wrapped({ dedupe: false });
    expect(await commandsSeen(() => Promise.all([off.get("key"), off.get("key")]))).toEqual({ get: 2 });
    const native = await wrapped({ lean: false });
    expect(await commandsSeen(() => Promise.all([native.get("key"), native.get("key")]))).toEqual({ get: 2 });
    const early = await wrapped({ maxBatchBytes: 1 });
    expect(await commandsSeen(() => Promise.all([early.get("key"), early.get("key")]))).toEqual({ get: 2 });
  });

  it("within a transaction of single calls are each queued", async () => {
    const redis = await wrapped();
    redis.multi({ pipeline: false });
    const queued = [redis.get("key"), redis.get("key")];
    const executed = redis.exec();
    const after = [redis.get("key"), redis.get("key")];
    expect(await Promise.all(queued)).toEqual(["QUEUED", "QUEUED"]);
    expect(await executed).toHaveLength(2);
    await Promise.all(after);
    expect(redis.tickpipe.stats().deduplicated).toBe(1);
  });

  it("share a failure, and the reply after a reconnect", async () => {
    const redis = await wrapped();
    const calls = Promise.all(range(5).map(() => redis.get("key")));
    redis.disconnect(true);
    expect(await calls).toEqual(range(5).map(() => "value"));
    const timed = tickpipe(server.client());
    await timed.ping();
    timed.options.commandTimeout = 30;
    await plain.client("PAUSE", 1_000, "ALL");
    const settled = await Promise.allSettled(range(3).map(() => timed.get("key")));
    const reasons = settled.map((each) => (each as PromiseRejectedResult).reason as Error);
    expect(reasons.map(({ message }) => message)).toEqual(range(3).map(() => "Command timed out"));
    expect(new Set(reasons).size).toBe(3);
    await plain.ping();
  });

  it.each(clientVariants)("share on $name too, with a prefix, and each reply in its own shape", async ({ make }) => {
    const prefixed = make({ port: server.port, keyPrefix: "app:" });
    const redis = tickpipe(prefixed);
    const unshared = make({ port: server.port, keyPrefix: "app:" });
    await redis.hset("hash", { field: "value" });
    await redis.zadd("sorted", 1.5, "member");
    const calls = (client: Redis) =>
      [1, 2].flatMap((): Promise<unknown>[] => [
        client.hgetall("hash"),
        client.hgetallBuffer("hash"),
        client.zrange("sorted", "0", "-1", "WITHSCORES"),
        client.zscore("sorted", "member"),
        client.exists("hash"),
      ]);
    expect(await Promise.all(calls(redis))).toEqual(await Promise.all(calls(unshared)));
    expect(redis.tickpipe.stats().deduplicated).toBe(5);
    prefixed.disconnect();
    unshared.disconnect();
  });
});

function commandClass(redis: Tickpiped<Redis>): new (...args: unknown[]) => never {
  const pipeline = redis.tickpipe.client.pipeline().ping() as unknown as { _queue: { constructor: unknown }[] };
  return pipeline._queue[0]?.constructor as new (
    ...args: unknown[]
  ) => never;
}
