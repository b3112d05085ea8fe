import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { eventually, type ProxyOptions, startProxy, type Proxy as TcpProxy } from "@tickpipe/test-support";
import type { Redis, RedisOptions } from "ioredis";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { clientVariants } from "../variants.ts";

const server = useServer();
let other: Redis;
const opened: Redis[] = [];
const proxies: TcpProxy[] = [];

beforeAll(() => {
  other = server.client();
});

beforeEach(async () => {
  await other.flushall();
});

afterEach(async () => {
  for (const client of opened.splice(0)) client.disconnect();
  for (const proxy of proxies.splice(0)) await proxy.stop();
});

const CLOSED = "Connection is closed.";

/** The view of a client that is connected through a proxy. */
async function throughProxy(
  make: (options: RedisOptions) => Redis,
  options: ProxyOptions = {},
): Promise<[Tickpiped<Redis>, TcpProxy]> {
  const proxy = await startProxy(server.port, options);
  proxies.push(proxy);
  const raw = make({ port: proxy.port });
  raw.on("error", () => {});
  opened.push(raw);
  await raw.ping();
  return [tickpipe(raw, { maxTransactionConnections: 1 }), proxy];
}

/** Cut when the server has run this command, before a byte of its reply has come back. */
const after = (command: string): ProxyOptions => ({ loseReplyTo: `\r\n${command}\r\n` });

describe.each(clientVariants)("a transaction whose connection is lost, $name", ({ make }) => {
  it("between WATCH and EXEC is begun anew, and never executed without its WATCH", async () => {
    const [redis] = await throughProxy(make);
    await other.set("key", "read");
    const seen: (string | null)[] = [];
    const replies = await redis.tickpipe.transaction(["key"], async (tx) => {
      const value = await tx.get("key");
      seen.push(value);
      if (seen.length === 1) {
        await other.client("KILL", "ID", await tx.client("ID"));
        await eventually("the connection is lost", () => tx.status === "end");
        await other.set("key", "changed");
      }
      return tx.multi().set("key", `${value}!`);
    });
    expect(replies).toEqual([[null, "OK"]]);
    expect(seen).toEqual(["read", "changed"]);
    expect(await other.get("key")).toBe("changed!");
  });

  it("between WATCH and EXEC, unnoticed, fails and is never sent again", async () => {
    const [redis, proxy] = await throughProxy(make);
    let calls = 0;
    const transaction = redis.tickpipe.transaction(["key"], async (tx) => {
      calls += 1;
      await tx.get("key");
      await other.set("key", "changed");
      // ioredis hears of it after this tick, in which EXEC is written.
      proxy.drop();
      return tx.multi().set("key", "overwritten");
    });
    await expect(transaction).rejects.toThrow(/closed|ECONNRESET|EPIPE/);
    expect(calls).toBe(1);
    // By the time of this one's reply, whatever the first had left would have been sent.
    expect(await redis.tickpipe.transaction(["other"], async (tx) => tx.multi().get("key"))).toEqual([
      [null, "changed"],
    ]);
  });

  it("at EXEC, when Redis has executed it, fails and is not tried again", async () => {
    const [redis] = await throughProxy(make, after("exec"));
    let calls = 0;
    const transaction = redis.tickpipe.transaction(["key"], async (tx) => {
      calls += 1;
      return tx.multi().incr("key");
    });
    await expect(transaction).rejects.toThrow(CLOSED);
    expect([calls, await other.get("key")]).toEqual([1, "1"]);
    expect(await redis.tickpipe.transaction(["key"], async (tx) => tx.multi().incr("key"))).toEqual([[null, 2]]);
  });

  it("at WATCH, or while it reads, is begun anew", async () => {
    for (const [command, expected] of [
      ["watch", 1],
      ["get", 2],
    ] as const) {
      await other.del("key");
      const [redis, proxy] = await throughProxy(make, after(command));
      let calls = 0;
      const replies = await redis.tickpipe.transaction(["key"], async (tx) => {
        calls += 1;
        await tx.get("key");
        return tx.multi().incr("key");
      });
      expect([calls, replies, proxy.connections()]).toEqual([expected, [[null, 1]], 3]);
    }
  });
});

describe("a transaction", () => {
  const connections = async (): Promise<number> =>
    Number(/connected_clients:(\d+)/.exec(await other.info("clients"))?.[1]);
  const increment = (redis: Tickpiped<Redis>) =>
    redis.tickpipe.transaction(["key"], async (tx) => tx.multi().incr("key"));
  const wrapped = (options: RedisOptions, tickpipeOptions = {}): Tickpiped<Redis> => {
    const redis = tickpipe(server.client(options), tickpipeOptions);
    redis.on("error", () => {});
    return redis;
  };

  it("waits for a client that connects, and connects a lazy one", async () => {
    const redis = wrapped({ lazyConnect: true });
    expect(await Promise.all([increment(redis), increment(redis)])).toHaveLength(2);
    expect([redis.status, await other.get("key")]).toEqual(["ready", "2"]);
  });

  it("fails as a call on the client does that cannot connect", async () => {
    const unreachable: RedisOptions[] = [
      { port: 1, retryStrategy: () => 1, maxRetriesPerRequest: 1 },
      { port: 1, retryStrategy: () => null },
      { enableOfflineQueue: false },
    ];
    for (const options of unreachable) {
      const native = await wrapped(options)
        .get("key")
        .catch((error: Error) => error);
      const error = await increment(wrapped(options)).catch((error: Error) => error);
      expect(error).toBeInstanceOf(Error);
      expect(String(error)).toBe(String(native));
    }
  });

  it("of a user who may not use WATCH fails with Redis's own error", async () => {
    await other.call("ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@all", "-watch", "-ping");
    const redis = wrapped({ username: "reader", password: "secret" });
    await expect(increment(redis)).rejects.toThrow("NOPERM");
    expect(await other.exists("key")).toBe(0);
  });

  it.each(["disconnect", "quit"] as const)("ends with its client: %s", async (how) => {
    const before = await connections();
    const redis = wrapped({}, { maxTransactionConnections: 1 });
    let begun = 0;
    const run = () =>
      redis.tickpipe.transaction(["key"], async (tx) => {
        begun += 1;
        await tx.blpop("list", 0);
        return tx.multi().incr("key");
      });
    const settled = Promise.allSettled([run(), run()]);
    await eventually("the first is begun", () => begun === 1);
    await redis[how]();
    const closed = { status: "rejected", reason: new Error(CLOSED) };
    expect(await settled).toEqual([closed, closed]);
    await expect(increment(redis)).rejects.toThrow(CLOSED);
    await eventually("all connections closed", async () => (await connections()) === before);
    expect(redis.tickpipe.stats()).toMatchObject({ transactionConnections: 0, pending: 0 });
  });

  it("that waits for a connection for longer than commandTimeout rejects as a call would", async () => {
    const redis = wrapped({ commandTimeout: 400 }, { maxTransactionConnections: 1 });
    await redis.ping();
    let finish = (): void => {};
    const isFinished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let isHeld = false;
    const held = redis.tickpipe.transaction(["a"], async (tx) => {
      isHeld = true;
      await isFinished;
      return tx.multi().incr("a");
    });
    await eventually("the only connection is taken", () => isHeld);
    const waiting = range(3).map(() => increment(redis));
    for (const each of await Promise.allSettled(waiting)) {
      expect(each).toMatchObject({ status: "rejected", reason: { message: "Command timed out" } });
    }
    finish();
    expect(await held).toEqual([[null, 1]]);
    expect(await increment(redis)).toEqual([[null, 1]]);
  });
});
