import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { eventually, startProxy, startRedisServer } from "@tickpipe/test-support";
import { Redis, type RedisOptions } from "ioredis";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { range, useServer } from "../engine.ts";

const server = useServer();
let other: Redis;

beforeAll(() => {
  other = server.client();
});

beforeEach(async () => {
  await other.flushall();
});

const untilBlocked = (count: number) =>
  eventually(`${count} blocked`, async () => (await other.info("clients")).includes(`blocked_clients:${count}\r`));
const blockedLine = async (): Promise<string> => {
  await untilBlocked(1);
  const lines = String(await other.client("LIST")).split("\n");
  return lines.find((line) => /flags=\w*b/.test(line)) ?? "";
};

function isolated(options: RedisOptions = {}, tickpipeOptions = {}): Tickpiped<Redis> {
  const redis = tickpipe(server.client(options), { blocking: "isolate", ...tickpipeOptions });
  redis.on("error", () => {});
  return redis;
}

const states: Record<string, () => Promise<Tickpiped<Redis>>> = {
  ready: async () => {
    const redis = isolated();
    await redis.ping();
    return redis;
  },
  connecting: async () => isolated(),
  "wait, with lazyConnect": async () => isolated({ lazyConnect: true }),
  reconnecting: async () => {
    const redis = isolated({ retryStrategy: () => 50 });
    await redis.ping();
    const lost = once(redis, "reconnecting");
    redis.disconnect(true);
    await lost;
    return redis;
  },
};

describe("an isolated blocking call", () => {
  it.each(Object.entries(states))(
    "is made with its arguments, database, user and name of when it was called: %s",
    async (_state, make) => {
      await other.call("ACL", "SETUSER", "bob", "on", ">pw", "~*", "+@all");
      const redis = await make();
      redis.select(3);
      redis.auth("bob", "pw");
      redis.client("SETNAME", "worker");
      const keys = [Buffer.from("mine")];
      const popped = redis.blpop(keys, 0);
      keys[0]?.fill("x");
      keys.length = 0;
      redis.auth("default", "any").catch(() => {});
      redis.select(0);
      expect(await blockedLine()).toMatch(/name=tickpipe:worker .*db=3 .*user=bob/);
      await other.select(3);
      await other.rpush("mine", "element");
      await other.select(0);
      expect(await popped).toEqual(["mine", "element"]);
    },
  );

  it("stays in the database and with the user where SELECT and AUTH are refused", async () => {
    const redis = isolated({ connectionName: "own" });
    await redis.ping();
    redis.select(99).catch(() => {});
    redis.auth("bob", "wrong").catch(() => {});
    const popped = redis.blpop("list", 0);
    expect(await blockedLine()).toMatch(/name=tickpipe:own .*db=0 .*user=default/);
    await other.rpush("list", "element");
    await popped;
  });

  it.each(["$", Buffer.from("$")])("of XREAD sees what is added after the call: %s", async (end) => {
    const redis = isolated({ keyPrefix: "app:" });
    await other.xadd("app:b", "5-1", "f", "old");
    const read = redis.xread("BLOCK", 0, "STREAMS", Buffer.from("a"), "b", end as string, "$");
    await redis.xadd("b", "5-2", "f", "new");
    await redis.xadd("a", "1-1", "f", "first");
    const seen = new Map((await read)?.map(([name, entries]) => [name, entries.map(([id]) => id)]));
    const rest = await redis.call("XREAD", "BLOCK", "10", "STREAMS", "b", "$");
    expect([...seen.entries()].flat(2)).toEqual(expect.arrayContaining(["5-2"]));
    expect(rest).toBeNull();
  });

  it("of XREAD stays on the client's connection where the last entry may not be read", async () => {
    await other.call("ACL", "SETUSER", "reader", "on", ">pw", "~*", "+@all", "-xrevrange");
    const redis = isolated({ username: "reader", password: "pw" });
    const read = redis.xread("BLOCK", 0, "STREAMS", "s", "$");
    await untilBlocked(1);
    expect(redis.tickpipe.stats().blockingConnections).toBe(0);
    await other.xadd("s", "1-1", "f", "v");
    expect(await read).toEqual([["s", [["1-1", ["f", "v"]]]]]);
  });

  it.each([
    ["commandTimeout counts from the call", { commandTimeout: 300 }, "Command timed out"],
    ["blockingTimeout as on the plain client", { blockingTimeout: 300 }, null],
  ])("ends by its own time limit, in the queue as well: %s", async (_what, options, outcome) => {
    const redis = isolated(options, { maxBlockingConnections: 1 });
    await redis.ping();
    const start = performance.now();
    const calls = range(3).map(() => redis.blpop("list", 0).catch((error: Error) => error.message));
    expect(await Promise.all(calls)).toEqual([outcome, outcome, outcome]);
    expect(performance.now() - start, "no longer than one of them").toBeLessThan(550);
    await untilBlocked(0);
    await other.rpush("list", "kept");
    expect(await other.llen("list")).toBe(1);
    expect(redis.tickpipe.stats()).toMatchObject({ pending: 0, blockingConnections: 0 });
  });

  it("has the time that it asked for, and not the blockingTimeout of calls that wait for a connection", async () => {
    const redis = isolated({ blockingTimeout: 200 });
    await redis.ping();
    const popped = redis.blpop("list", 5);
    await untilBlocked(1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await other.rpush("list", "element");
    expect(await popped).toEqual(["list", "element"]);
  });

  it("takes nothing once its scope was aborted or is late, is never sent if it still waits, and frees its place", async () => {
    const redis = isolated({}, { maxBlockingConnections: 2 });
    await redis.ping();
    const controller = new AbortController();
    const [aborted, late] = [
      redis.tickpipe.scope({ signal: controller.signal }),
      redis.tickpipe.scope({ deadlineMs: 300 }),
    ];
    const codes = [...range(4).map(() => aborted.redis.blpop("jobs", 0)), late.redis.blpop("jobs", 0)].map((call) =>
      call.catch((error: { code?: string }) => error.code),
    );
    await untilBlocked(2);
    controller.abort();
    expect(await Promise.all(codes)).toEqual([...range(4).map(() => "ERR_TICKPIPE_ABORTED"), "ERR_TICKPIPE_DEADLINE"]);
    await untilBlocked(0);
    await other.rpush("jobs", "a", "b");
    expect(await other.llen("jobs")).toBe(2);
    expect(await Promise.all([redis.blpop("jobs", 0), redis.blpop("jobs", 0)])).toHaveLength(2);
    expect(redis.tickpipe.stats()).toMatchObject({ pending: 0, blockingConnections: 2 });
  });

  it("goes to the new server with the client's own connection, after a failover behind one address", async () => {
    const [from, to] = [server.port, await startRedisServer()];
    onTestFinished(() => to.stop());
    const folder = await mkdtemp(join(tmpdir(), "tickpipe-"));
    const path = join(folder, "redis.sock");
    const proxy = await startProxy(from, { path });
    const redis = tickpipe(new Redis({ path, retryStrategy: () => 20 }), { blocking: "isolate" });
    redis.on("error", () => {});
    onTestFinished(async () => {
      redis.disconnect();
      await rm(folder, { recursive: true });
    });
    await other.rpush("list", "warm");
    await redis.blpop("list", 0);
    const blocked = redis.brpop("blocked", 0);
    await untilBlocked(1);
    await proxy.stop();
    const again = await startProxy(to.port, { path });
    onTestFinished(() => again.stop());
    redis.disconnect(true);
    await redis.rpush("list", "new server");
    expect(await redis.blpop("list", 1)).toEqual(["list", "new server"]);
    await redis.rpush("blocked", "found");
    expect(await blocked).toEqual(["blocked", "found"]);
  });

  it.each(["disconnect", "quit"] as const)(
    "ends at once with a client that is told to %s, while its connection is made anew",
    async (how) => {
      const redis = isolated({ retryStrategy: () => 60_000 });
      await redis.ping();
      const popped = redis.blpop("list", 0).catch((error: Error) => error.message);
      await untilBlocked(1);
      const id = /id=(\d+)/.exec(await blockedLine())?.[1] ?? "";
      await other.client("KILL", "ID", id);
      await untilBlocked(0);
      redis[how]();
      expect(await popped).toBe("Connection is closed.");
    },
  );

  it("ends at once with a client that is told to disconnect while it waits to reconnect", async () => {
    const redis = isolated({ retryStrategy: () => 60_000 });
    await redis.ping();
    const popped = redis.blpop("list", 0).catch((error: Error) => error.message);
    await untilBlocked(1);
    const lost = once(redis, "reconnecting");
    redis.disconnect(true);
    await lost;
    redis.disconnect();
    expect(await popped).toBe("Connection is closed.");
  });

  it("ends with a client whose listeners a library has taken away, and leaves no connection behind", async () => {
    const redis = isolated();
    await redis.ping();
    const popped = redis.blpop("list", 0).catch((error: Error) => error.message);
    await untilBlocked(1);
    redis.removeAllListeners();
    redis.disconnect();
    expect(await popped).toBe("Connection is closed.");
    await untilBlocked(0);
    expect(redis.tickpipe.stats().blockingConnections).toBe(0);
  });

  it.each([null, 1])(
    "beyond maxclients waits on the client's connection, or names the reason: maxRetriesPerRequest %s",
    async (maxRetriesPerRequest) => {
      const small = await startRedisServer();
      onTestFinished(() => small.stop());
      const redis = tickpipe(new Redis({ port: small.port, maxRetriesPerRequest }), { blocking: "isolate" });
      onTestFinished(() => redis.disconnect());
      await redis.config("SET", "maxclients", 1);
      await redis.rpush("list", "element");
      const outcome = await redis.blpop("list", 0).catch((error: Error) => error.message);
      if (maxRetriesPerRequest === null) expect(outcome).toEqual(["list", "element"]);
      else expect(outcome).toContain("max number of clients reached");
    },
  );
});
