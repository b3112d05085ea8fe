import { AsyncLocalStorage } from "node:async_hooks";
import type { Readable } from "node:stream";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { countSocketWrites } from "@tickpipe/test-support";
import { Command, type Redis, type RedisOptions } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { expectWarning } from "../process-watch.ts";
import { clientVariants } from "../variants.ts";

// Once in a process.
expectWarning("TICKPIPE_SHARED_WATCH");

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

function wrapped(options: RedisOptions = {}, tickpipeOptions = {}): Tickpiped<Redis> {
  return tickpipe(server.client(options), tickpipeOptions);
}

/** The connection that a transaction has, to tell one from another. */
const connectionOf = (tx: Redis): unknown => Reflect.get(tx, "stream");

const ACCOUNTS = range(10).map((i) => `account:${i}`);
const account = (i: number): string => `account:${i % ACCOUNTS.length}`;
const balance = async (redis: Redis, key: string): Promise<number> => Number(await redis.get(key));
const open = (): Promise<unknown> => other.mset(Object.fromEntries(ACCOUNTS.map((key) => [key, 1000])));
const sum = async (): Promise<number> => (await other.mget(ACCOUNTS)).reduce((total, each) => total + Number(each), 0);

describe.each(clientVariants)("a transaction, $name", ({ make }) => {
  it("reads, and writes only what nobody has changed since", async () => {
    const raw = make({ port: server.port });
    opened.push(raw);
    const redis = tickpipe(raw);
    await redis.set("counter", 1);
    const seen: (string | null)[] = [];
    const replies = await redis.tickpipe.transaction(["counter"], async (tx) => {
      const value = await tx.get("counter");
      seen.push(value);
      if (seen.length === 1) await other.set("counter", 5);
      return tx
        .multi()
        .set("counter", Number(value) + 1)
        .get("counter")
        .lpop("counter");
    });
    expect(seen).toEqual(["1", "5"]);
    expect(replies?.slice(0, 2)).toEqual([
      [null, "OK"],
      [null, "6"],
    ]);
    expect(String(replies?.[2]?.[0])).toContain("WRONGTYPE");
    expect(await redis.get("counter")).toBe("6");
  });
});

describe("transfers between accounts", () => {
  it("keep the sum, 200 at once", async () => {
    await open();
    const redis = wrapped();
    const transfer = (from: string, to: string, amount: number) => {
      const move = async (tx: Redis) => {
        const [source, target] = await Promise.all([balance(tx, from), balance(tx, to)]);
        const moved = { [from]: source - amount, [to]: target + amount };
        return tx.multi().mset(moved);
      };
      return redis.tickpipe.transaction([from, to], move, { retries: 1000 });
    };
    const done = await Promise.all(range(200).map((i) => transfer(account(i), account(i * 7 + 3), 1 + (i % 5))));
    for (const replies of done) expect(replies).toEqual([[null, "OK"]]);
    expect(await sum()).toBe(10_000);
    expect(redis.tickpipe.stats()).toMatchObject({ transactionConnections: 8, pending: 0 });
  });

  it("lose money with watch() on the shared connection, though each says that it was executed", async () => {
    await open();
    const redis = wrapped();
    // All have watched and read before the first writes: the order that some of them meet in any busy server.
    const transfers = range(200).map(async (i) => {
      const [from, to] = [account(i), account(i + 1)];
      const [, source, target] = await Promise.all([redis.watch(from, to), balance(redis, from), balance(redis, to)]);
      return { from, to, source, target };
    });
    const read = await Promise.all(transfers);
    const done = await Promise.all(
      read.map(({ from, to, source, target }) =>
        redis
          .multi()
          .set(from, source - 10)
          .set(to, target + 10)
          .exec(),
      ),
    );
    for (const replies of done)
      expect(replies).toEqual([
        [null, "OK"],
        [null, "OK"],
      ]);
    // What the last transfers left: nine accounts that have given, and one that has received.
    expect(await sum()).toBe(9 * 990 + 1010);
  });
});

describe("a transaction", () => {
  it("takes three writes: WATCH, what the function calls at once, and MULTI to EXEC", async () => {
    const redis = wrapped({}, { maxTransactionConnections: 1 });
    const counts: (() => number)[] = [];
    for (const _ of range(2)) {
      await redis.tickpipe.transaction(["a"], async (tx) => {
        counts.push(countSocketWrites(connectionOf(tx)).take);
        await Promise.all([tx.get("a"), tx.get("b"), tx.pipeline().get("c").get("d").exec()]);
        return tx.multi().set("a", 1).set("b", 2);
      });
    }
    // The first counter came after the first WATCH.
    expect(counts[0]?.()).toBe(2 + 3);
  });

  it("can go through keys by a stream, and refuses what would end it, however it is called", async () => {
    const redis = wrapped();
    await other.mset("stream:a", 1, "stream:b", 2);
    const refused: unknown[] = [];
    let kept: Readable | undefined;
    const replies = await redis.tickpipe.transaction(["a"], async (tx) => {
      kept = tx.scanStream();
      const keys: string[] = [];
      for await (const found of tx.scanStream({ match: "stream:*" })) keys.push(...(found as string[]));
      expect(keys.sort()).toEqual(["stream:a", "stream:b"]);
      expect(await tx.sendCommand(new Command("get", ["stream:a"], { replyEncoding: "utf8" }))).toBe("1");
      const attempts = [
        () => tx.exec(),
        () => tx.call("UNWATCH"),
        () => tx.sendCommand(new Command("discard")) as Promise<unknown>,
        () => tx.pipeline().get("a").call("EXEC").exec(),
        () => new Promise((_, reject) => tx.exec((error) => reject(error))),
      ];
      for (const attempt of attempts) refused.push(await attempt().catch((error: unknown) => error));
      expect(() => tx.disconnect()).toThrow("disconnect is not for a transaction's function to call");
      return tx.multi().set("a", "done");
    });
    expect(refused).toEqual(refused.map(() => expect.objectContaining({ code: "ERR_TICKPIPE_TRANSACTION_MISUSE" })));
    expect(refused).toHaveLength(5);
    await expect(kept?.toArray()).rejects.toMatchObject({ code: "ERR_TICKPIPE_TRANSACTION_MISUSE" });
    expect(replies).toEqual([[null, "OK"]]);
  });

  it("executes nothing where the function returns nothing, and gives null", async () => {
    const redis = wrapped({}, { maxTransactionConnections: 1 });
    const connections = new Set<unknown>();
    for (const nothing of [null, undefined]) {
      const replies = await redis.tickpipe.transaction(["a"], async (tx) => {
        await tx.get("a");
        connections.add(connectionOf(tx));
        return nothing;
      });
      expect(replies).toBeNull();
    }
    expect(connections.size).toBe(1);
  });

  it("sees all that was called before it, however long that takes", async () => {
    const redis = wrapped({}, { blocking: "inline" });
    const read = async (): Promise<unknown> => {
      let value: unknown;
      await redis.tickpipe.transaction(["key"], async (tx) => {
        value = await tx.get("key");
        return null;
      });
      return value;
    };
    expect(await read()).toBeNull();
    redis.blpop("gate", 0);
    redis.set("key", "before");
    const seen = read();
    // Time enough for a transaction that does not wait.
    for (const _ of range(50)) await other.ping();
    await other.rpush("gate", "open");
    expect(await seen).toBe("before");
  });

  it("goes to the database, the prefix and the user of the client", async () => {
    await other.call("ACL", "SETUSER", "clerk", "on", ">secret", "~*", "+@all");
    const elsewhere = server.client({ db: 3 });
    const redis = wrapped({ keyPrefix: "app:" });
    await redis.select(3);
    await redis.auth("clerk", "secret");
    let tries = 0;
    const replies = await redis.tickpipe.transaction(["key"], async (tx) => {
      tries += 1;
      await tx.get("key");
      // Were the watched key another than this one, there would be one try.
      if (tries === 1) await elsewhere.set("app:key", "changed");
      return tx.multi().call("ACL", "WHOAMI").append("key", "!");
    });
    expect(tries).toBe(2);
    expect(replies).toEqual([
      [null, "clerk"],
      [null, 8],
    ]);
    expect(await elsewhere.get("app:key")).toBe("changed!");
  });

  it("has the scripts that were defined on the client, also after a conflict", async () => {
    const redis = wrapped({}, { maxTransactionConnections: 1 });
    redis.defineCommand("double", {
      numberOfKeys: 1,
      lua: "return redis.call('set', KEYS[1], redis.call('get', KEYS[1]) * 2)",
    });
    await redis.set("n", 4);
    type WithScript = { double(key: string): never };
    let tries = 0;
    const replies = await redis.tickpipe.transaction(["n"], async (tx) => {
      tries += 1;
      if (tries <= 2) await other.incr("n");
      return (tx.multi() as unknown as WithScript).double("n");
    });
    expect([tries, replies]).toEqual([3, [[null, "OK"]]]);
    expect(await redis.get("n")).toBe("12");
  });

  it.each([1, 2])("waits in order for a connection, 300 at once with %i of them", async (connections) => {
    const redis = wrapped({}, { maxTransactionConnections: connections });
    redis.set("before", "them");
    const begun: number[] = [];
    const done = await Promise.all(
      range(300).map((i) =>
        redis.tickpipe.transaction([`key:${i}`], async (tx) => {
          begun.push(i);
          const value = await tx.get(`key:${i}`);
          return tx.multi().set(`key:${i}`, `${value}${i}`);
        }),
      ),
    );
    // Of two connections, either may be the first to answer.
    expect(connections === 1 ? begun : begun.sort((a, b) => a - b)).toEqual(range(300));
    expect(done).toEqual(range(300).map(() => [[null, "OK"]]));
    expect(redis.tickpipe.stats()).toMatchObject({ transactionConnections: connections, pending: 0 });
  });

  it("keeps its caller's async context, in the function and after", async () => {
    const redis = wrapped({}, { maxTransactionConnections: 1 });
    const context = new AsyncLocalStorage<number>();
    const seen = await Promise.all(
      range(10).map((i) =>
        context.run(i, async () => {
          const within: unknown[] = [];
          await redis.tickpipe.transaction([`key:${i}`], async (tx) => {
            within.push(context.getStore());
            await tx.get(`key:${i}`);
            within.push(context.getStore());
            return tx.multi().incr(`key:${i}`);
          });
          return [...within, context.getStore()];
        }),
      ),
    );
    expect(seen).toEqual(range(10).map((i) => [i, i, i]));
  });

  it("counts as one pending call for maxPending", async () => {
    const redis = wrapped({}, { maxPending: 2 });
    await redis.ping();
    const run = () => redis.tickpipe.transaction(["a"], async (tx) => tx.multi().incr("a").incr("a").incr("a"));
    const settled = await Promise.allSettled([run(), run(), run()]);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(settled[2]).toMatchObject({ reason: { code: "ERR_TICKPIPE_OVERLOADED" } });
    expect(await redis.get("a")).toBe("6");
  });
});
