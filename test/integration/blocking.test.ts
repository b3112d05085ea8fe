import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { eventually } from "@tickpipe/test-support";
import type { Redis, RedisOptions } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { clientVariants } from "../variants.ts";

const server = useServer();
let other: Redis;
const opened: Redis[] = [];

beforeAll(() => {
  other = server.client();
});

beforeEach(async () => {
  await other.flushall();
});

afterAll(() => {
  for (const client of opened) client.disconnect();
});

const blockedClients = async (): Promise<number> =>
  Number(/blocked_clients:(\d+)/.exec(await other.info("clients"))?.[1]);
const untilBlocked = (count: number) => eventually(`${count} blocked`, async () => (await blockedClients()) === count);

function wrapped(options: RedisOptions = {}, tickpipeOptions = {}): Tickpiped<Redis> {
  const redis = tickpipe(server.client(options), { blocking: "isolate", ...tickpipeOptions });
  redis.on("error", () => {});
  return redis;
}

/** What the calls come to, in the order in which they settle. */
function inOrderOfSettling(calls: Record<string, Promise<unknown>>): { order: string[]; all: Promise<unknown> } {
  const order: string[] = [];
  const note = (name: string) => () => order.push(name);
  const all = Promise.all(Object.entries(calls).map(([name, call]) => call.then(note(name), note(name))));
  return { order, all };
}

describe.each(clientVariants)("a blocking call, $name", ({ make }) => {
  it.each(["isolate", "inline"] as const)("holds up what is called after it only inline: %s", async (blocking) => {
    const raw = make({ port: server.port });
    opened.push(raw);
    const redis = tickpipe(raw, { blocking });
    await redis.set("key", "value");
    const settled: string[] = [];
    const waiting = redis.blpop("list", 0);
    const read = redis.get("key").then(() => settled.push("get"));
    await untilBlocked(1);
    if (blocking === "isolate") await read;
    expect(settled).toEqual(blocking === "isolate" ? ["get"] : []);
    await other.rpush("list", "element");
    expect(await waiting).toEqual(["list", "element"]);
    await read;
    expect(redis.tickpipe.stats().blockingConnections).toBe(blocking === "isolate" ? 1 : 0);
  });
});

describe("a blocking call", () => {
  // Each command, how to call it so that it waits.
  const calls: Record<string, (string | number)[]> = {
    blpop: ["none", 0],
    brpop: ["none", 0],
    brpoplpush: ["none", "other", 0],
    blmove: ["none", "other", "LEFT", "RIGHT", 0],
    blmpop: [0, 1, "none", "LEFT"],
    bzpopmin: ["none", 0],
    bzpopmax: ["none", 0],
    bzmpop: [0, 1, "none", "MIN"],
    xread: ["BLOCK", 0, "STREAMS", "none", "$"],
    xreadgroup: ["GROUP", "group", "me", "BLOCK", 0, "STREAMS", "stream", ">"],
  };
  // These ask about the writes of their own connection.
  const stay = ["wait", "waitaof"];

  it("is each one that the server says may block, but for WAIT and WAITAOF", async () => {
    const commands = (await other.call("COMMAND")) as [string, number, string[]][];
    const blocking = commands.filter(([, , flags]) => flags.includes("blocking")).map(([name]) => name);
    expect([...Object.keys(calls), ...stay]).toEqual(expect.arrayContaining(blocking));
  });

  it.each(Object.entries(calls))(
    "%s waits on a connection of its own, by whatever method it is called",
    async (command, args) => {
      await other.xgroup("CREATE", "stream", "group", "$", "MKSTREAM");
      const redis = wrapped();
      const id = await redis.client("ID");
      const method = (name: string, given: unknown[]) =>
        (redis as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[name]?.(...given);
      const waiting = [
        method(command, args),
        method(`${command}Buffer`, args),
        method("call", [command.toUpperCase(), ...args]),
        method("callBuffer", [command, args]),
      ];
      await untilBlocked(4);
      const blockedIds = String(await other.client("LIST"))
        .split("\n")
        .filter((line) => /flags=\w*b/.test(line))
        .map((line) => Number(/^id=(\d+)/.exec(line)?.[1]));
      expect(blockedIds).not.toContain(id);
      await Promise.all(blockedIds.map((blocked) => other.client("UNBLOCK", blocked)));
      expect(await Promise.all(waiting)).toEqual([null, null, null, null]);
    },
  );

  it("WAIT stays on the connection whose writes it asks about", async () => {
    const redis = wrapped();
    await redis.set("key", "value");
    expect(await redis.wait(0, 1)).toBe(0);
    expect(redis.tickpipe.stats().blockingConnections).toBe(0);
  });

  it("that does not block, XREAD without BLOCK, stays too", async () => {
    const redis = wrapped();
    await redis.xadd("stream", "1-1", "field", "value");
    expect(await redis.xread("COUNT", 1, "STREAMS", "stream", "0")).toEqual([
      ["stream", [["1-1", ["field", "value"]]]],
    ]);
    expect(redis.tickpipe.stats().blockingConnections).toBe(0);
  });

  it("sees all that was called before it, in the same tick as well", async () => {
    const redis = wrapped();
    await redis.blpop("warm", 0.001);
    for (const i of range(15)) {
      await other.rpush("list", "old");
      const calls = [redis.set("key", i), redis.del("list"), redis.blpop("list", 0.001)];
      expect((await Promise.all(calls)).slice(1)).toEqual([1, null]);
    }
  });

  it("within a transaction of single calls is part of it", async () => {
    const redis = wrapped();
    redis.multi({ pipeline: false });
    const [queued, executed] = await Promise.all([redis.blpop("list", 0), redis.exec()]);
    expect([queued, executed]).toEqual(["QUEUED", [[null, null]]]);
    await redis.call("MULTI");
    expect(await redis.blpop("list", 0)).toBe("QUEUED");
    await redis.discard();
    expect(redis.tickpipe.stats().blockingConnections).toBe(0);
    await redis.blpop("list", 0.001);
    expect(redis.tickpipe.stats().blockingConnections).toBe(1);
  });

  it("fails as on the plain client", async () => {
    const attempts = async (wrap: (redis: Redis) => Redis) => {
      const redis = wrap(server.client());
      const subscribed = wrap(server.client({ protocol: 2 }));
      const notThere = wrap(server.client({ port: 1, retryStrategy: () => 1, maxRetriesPerRequest: 1 }));
      for (const client of [redis, subscribed, notThere]) client.on("error", () => {});
      await redis.set("text", "value");
      await subscribed.subscribe("channel");
      const calls: (() => Promise<unknown>)[] = [
        () => redis.blpop("text", 0),
        () => redis.blpop("list", "soon"),
        () => redis.xreadgroup("GROUP", "g", "c", "BLOCK", 0, "STREAMS", "none", ">"),
        () => redis.blpop(Symbol("key") as never, 0.001),
        () => subscribed.blpop("list", 0),
        () => wrap(server.client({ enableOfflineQueue: false })).blpop("list", 0),
        () => notThere.blpop("list", 0),
        () =>
          new Promise<unknown>((resolve) => redis.blpop("text", 0, (error, reply) => resolve([String(error), reply]))),
        () => new Promise<unknown>((resolve) => redis.blpop("list", 0.001, (error, reply) => resolve([error, reply]))),
      ];
      return Promise.all(calls.map((call) => call().catch((error: Error) => `${error.name}: ${error.message}`)));
    };
    const plain = await attempts((redis) => redis);
    expect(plain[0]).toContain("WRONGTYPE");
    expect(await attempts((redis) => tickpipe(redis))).toEqual(plain);
    expect(await attempts((redis) => tickpipe(redis, { blocking: "isolate" }))).toEqual(plain);
  });

  it("before the client has connected delays nothing, and connects a lazy client", async () => {
    const redis = wrapped({ lazyConnect: true });
    const { order, all } = inOrderOfSettling({ blpop: redis.blpop("list", 0), ping: redis.ping() });
    await eventually("the reply to PING", () => order.length === 1);
    await other.rpush("list", "element");
    await all;
    expect(order).toEqual(["ping", "blpop"]);
    const alone = wrapped({ lazyConnect: true });
    await alone.blpop("list", 0.001);
    await eventually("the client is ready", () => alone.status === "ready");
  });

  it("by a method that was replaced on the client is left to that method", async () => {
    const redis = wrapped();
    await redis.ping();
    const raw = redis.tickpipe.client;
    const { blpop } = raw;
    let called = 0;
    raw.blpop = function (this: Redis, ...args: unknown[]) {
      called += 1;
      return (blpop as (...all: unknown[]) => unknown).apply(this, args);
    } as typeof blpop;
    expect(await redis.blpop("none", 0.001)).toBeNull();
    expect([called, redis.tickpipe.stats().blockingConnections]).toEqual([1, 0]);
  });

  it("is counted by its scope", async () => {
    const redis = wrapped();
    const scope = redis.tickpipe.scope();
    await scope.redis.blpop("list", 0.001);
    expect(scope.stats()).toMatchObject({ commands: 1, errors: 0 });
  });
});
