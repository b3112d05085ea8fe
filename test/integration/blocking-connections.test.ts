import { AsyncLocalStorage } from "node:async_hooks";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { eventually } from "@tickpipe/test-support";
import type { Redis, RedisOptions } from "ioredis";
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

const blockedClients = async (): Promise<number> =>
  Number(/blocked_clients:(\d+)/.exec(await other.info("clients"))?.[1]);
const untilBlocked = (count: number) => eventually(`${count} blocked`, async () => (await blockedClients()) === count);
const connections = async (): Promise<number> =>
  Number(/connected_clients:(\d+)/.exec(await other.info("clients"))?.[1]);

function wrapped(options: RedisOptions = {}, tickpipeOptions = {}): Tickpiped<Redis> {
  const redis = tickpipe(server.client(options), { blocking: "isolate", ...tickpipeOptions });
  redis.on("error", () => {});
  return redis;
}

describe("a blocking call's connection", () => {
  it("goes to the database, the prefix and the user of the client", async () => {
    await other.call("ACL", "SETUSER", "popper", "on", ">secret", "~*", "+@all");
    const redis = wrapped({ keyPrefix: "app:" });
    await redis.select(3);
    await redis.auth("popper", "secret");
    const waiting = redis.blpop("list", 0);
    await untilBlocked(1);
    const line = String(await other.client("LIST"))
      .split("\n")
      .find((client) => /flags=\w*b/.test(client));
    expect(line).toContain("db=3");
    expect(line).toContain("user=popper");
    await other.select(3);
    await other.rpush("app:list", "element");
    await other.select(0);
    expect(await waiting).toEqual(["app:list", "element"]);
    // Another database: another connection, in the place of the idle one only if there is no more room.
    await redis.select(0);
    await other.rpush("app:list", "in 0");
    expect(await redis.blpop("list", 0)).toEqual(["app:list", "in 0"]);
  });

  it("is authenticated by a password alone where the client was, and left to the client where AUTH has no arguments", async () => {
    const redis = wrapped();
    await redis.ping();
    // Who is connected stays so.
    await other.config("SET", "requirepass", "secret");
    onTestFinished(async () => void (await other.config("SET", "requirepass", "")));
    await redis.auth("secret");
    await redis.rpush("list", "element");
    expect(await redis.blpop("list", 0)).toEqual(["list", "element"]);
    await expect(redis.call("AUTH")).rejects.toThrow("wrong number of arguments");
    await redis.rpush("list", "element");
    expect(await redis.blpop("list", 0), "as whom it was before").toEqual(["list", "element"]);
  });

  it("uses a connection again, and waits in order for one when all are taken", async () => {
    const redis = wrapped({}, { maxBlockingConnections: 2 });
    for (const i of range(5)) {
      await other.rpush("list", i);
      await redis.blpop("list", 0);
    }
    expect(redis.tickpipe.stats().blockingConnections).toBe(1);
    const waiting = range(4).map((i) => redis.blpop(`list:${i}`, 0));
    await untilBlocked(2);
    expect(redis.tickpipe.stats()).toMatchObject({ blockingConnections: 2, pending: 4 });
    for (const i of range(4)) {
      await other.rpush(`list:${i}`, i);
      expect(await waiting[i]).toEqual([`list:${i}`, String(i)]);
    }
    expect(redis.tickpipe.stats()).toMatchObject({ blockingConnections: 2, pending: 0 });
    await redis.select(1);
    await redis.blpop("list", 0.001);
    expect(redis.tickpipe.stats().blockingConnections).toBe(2);
  });

  it("that waits for the same reply as others is made in its turn", async () => {
    const redis = wrapped({}, { maxBlockingConnections: 1 });
    await redis.ping();
    const calls = [redis.rpush("list", ...range(5)), ...range(5).map(() => redis.blpop("list", 0))];
    expect((await Promise.all(calls)).slice(1)).toEqual(range(5).map((i) => ["list", String(i)]));
  });

  it.each(["disconnect", "quit"] as const)("ends with the client: %s", async (how) => {
    const before = await connections();
    const redis = wrapped({}, { maxBlockingConnections: 1 });
    const waiting = [redis.blpop("list", 0), redis.blpop("list", 0)];
    await untilBlocked(1);
    const outcome = Promise.allSettled(waiting);
    await redis[how]();
    const closed = { status: "rejected", reason: new Error("Connection is closed.") };
    expect(await outcome).toEqual([closed, closed]);
    await eventually("all connections closed", async () => (await connections()) === before);
    await expect(redis.blpop("list", 0)).rejects.toThrow("Connection is closed.");
    expect(redis.tickpipe.stats()).toMatchObject({ blockingConnections: 0, pending: 0 });
  });

  it("that has timed out for its caller takes nothing from the list afterwards", async () => {
    const redis = wrapped({ commandTimeout: 400 });
    await redis.ping();
    await expect(redis.blpop("list", 0)).rejects.toThrow("Command timed out");
    await untilBlocked(0);
    await other.rpush("list", "kept");
    expect(await redis.lrange("list", 0, -1)).toEqual(["kept"]);
    const waiting = wrapped({ commandTimeout: 400 }, { maxBlockingConnections: 1 });
    const settled = await Promise.allSettled(range(2).map(() => waiting.blpop("none", 0)));
    expect(settled.map((each) => each.status === "rejected" && each.reason.message)).toEqual([
      "Command timed out",
      "Command timed out",
    ]);
    expect(await waiting.blpop("list", 0)).toEqual(["list", "kept"]);
  });

  it("forgets transactions and users with the connection, and users that were refused", async () => {
    await other.call("ACL", "SETUSER", "popper", "on", ">secret", "~*", "+@all");
    const redis = wrapped();
    const userOfBlocked = async (): Promise<string | undefined> => {
      const waiting = redis.blpop("list", 0);
      await untilBlocked(1);
      const [, user] = /flags=\w*b.* user=(\w+)/.exec(String(await other.client("LIST"))) ?? [];
      await other.rpush("list", "element");
      await waiting;
      return user;
    };
    expect(await userOfBlocked()).toBe("default");
    await expect(redis.auth("popper", "wrong")).rejects.toThrow("WRONGPASS");
    expect(await userOfBlocked()).toBe("default");
    await redis.auth("popper", "secret");
    expect(await userOfBlocked()).toBe("popper");
    redis.multi({ pipeline: false });
    redis.disconnect(true);
    await eventually("connected again", async () => redis.status === "ready" && (await redis.ping()) === "PONG");
    expect(await userOfBlocked()).toBe("default");
  });

  it("outlives a reconnect of the client, and keeps its caller's async context", async () => {
    const context = new AsyncLocalStorage<string>();
    const redis = wrapped();
    await redis.ping();
    const waiting = context.run("caller", async () => {
      redis.ping();
      const popped = await redis.blpop("list", 0);
      return [popped, context.getStore()];
    });
    await untilBlocked(1);
    redis.disconnect(true);
    await redis.ping();
    await other.rpush("list", "element");
    expect(await waiting).toEqual([["list", "element"], "caller"]);
  });
});
