import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { Command, type Redis } from "ioredis";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { useServer } from "../engine.ts";

const server = useServer();
let other: Redis;

beforeAll(() => {
  other = server.client();
});

beforeEach(async () => {
  await other.flushall();
});

const wrapped = (): Tickpiped<Redis> => tickpipe(server.client(), { maxTransactionConnections: 1 });
const connectionOf = (tx: Redis): unknown => Reflect.get(tx, "stream");
const MISUSE = expect.objectContaining({ name: "TickpipeError", code: "ERR_TICKPIPE_TRANSACTION_MISUSE" });

/** Increments a counter by a transaction, and tells the connection that it had. */
async function increment(redis: Tickpiped<Redis>): Promise<unknown> {
  let connection: unknown;
  const replies = await redis.tickpipe.transaction(["n"], (tx) => {
    connection = connectionOf(tx);
    return tx.multi().incr("n");
  });
  expect(replies).toEqual([[null, expect.any(Number)]]);
  return connection;
}

describe("the tx of a transaction", () => {
  const escapes: Record<string, (tx: Tickpiped<Redis>) => unknown> = {
    "tickpipe.client": (tx) => tx.tickpipe.client.select(10),
    "tickpipe.scope()": (tx) => tx.tickpipe.scope().redis.select(10),
    "tickpipe.loader()": (tx) => tx.tickpipe.loader({ name: "n", load: async () => [], ttl: 1 } as never),
    "tickpipe.record()": (tx) => tx.tickpipe.record(() => {}),
    "duplicate()": (tx) => tx.duplicate(),
  };

  it.each(Object.entries(escapes))("does not lead past its guard by %s", async (_name, way) => {
    const redis = wrapped();
    const failed = redis.tickpipe.transaction(["n"], async (tx) => {
      await way(tx as Tickpiped<Redis>);
      return null;
    });
    await expect(failed).rejects.toEqual(MISUSE);
    await increment(redis);
    expect(await other.get("n")).toBe("1");
  });

  it("still says what it counts, lets go of its tick, and is of no scope", async () => {
    const redis = wrapped();
    await redis.tickpipe.transaction(["n"], async (tx) => {
      const { tickpipe: controls } = tx as Tickpiped<Redis>;
      const read = tx.get("n");
      controls.flush();
      expect(await read).toBeNull();
      expect(controls.stats()).toMatchObject({ transactionConnections: 0 });
      expect(controls.currentScope()).toBeUndefined();
      expect(tickpipe(tx)).toBe(tx);
      return null;
    });
  });

  const changes: Record<string, (tx: Redis) => unknown> = {
    "a script's name": (tx) => tx.defineCommand("get", { numberOfKeys: 1, lua: "return 'mine'" }),
    "a method of its own": (tx) => {
      tx.get = (() => Promise.resolve("mine")) as never;
    },
    "a method, defined": (tx) => Object.defineProperty(tx, "get", { value: () => "mine", configurable: true }),
    "a listener": (tx) => tx.on("end", () => {}),
    "no listeners": (tx) => tx.removeAllListeners(),
    "another database": (tx) => tx.sendCommand(new Command("select", ["3"])),
  };

  it.each(Object.entries(changes))("leaves %s to no later transaction", async (_name, change) => {
    const redis = wrapped();
    let changed: unknown;
    await redis.tickpipe.transaction(["n"], async (tx) => {
      changed = connectionOf(tx);
      await change(tx);
      return null;
    });
    expect(await increment(redis)).not.toBe(changed);
    expect(await other.get("n")).toBe("1");
  });

  it("is changed no more once its transaction is over", async () => {
    const redis = wrapped();
    let kept: Tickpiped<Redis> = redis;
    await redis.tickpipe.transaction(["n"], async (tx) => {
      kept = tx as Tickpiped<Redis>;
      return null;
    });
    const attempts = [
      () => kept.on("end", () => {}),
      () => kept.removeAllListeners(),
      () => kept.defineCommand("x", { lua: "return 1" }),
      () => kept.duplicate(),
      () => kept.tickpipe.flush(),
      () => kept.tickpipe.scope(),
      () => {
        kept.get = (() => {}) as never;
      },
    ];
    for (const attempt of attempts) expect(attempt).toThrow(MISUSE as never);
    expect(await increment(redis)).toBe(connectionOf(kept));
  });
});

describe("a script that the server has forgotten", () => {
  it("fails the transaction whose EXEC runs it, as natively, and none after it", async () => {
    const redis = tickpipe(server.client(), { maxTransactionConnections: 2 });
    redis.defineCommand("twice", { numberOfKeys: 1, lua: "return redis.call('incrby', KEYS[1], 2)" });
    type WithScript = { twice(key: string): never };
    const twice = (key: string, during: () => unknown = () => {}) =>
      redis.tickpipe.transaction([key], async (tx) => {
        await during();
        return (tx.multi() as unknown as WithScript).twice(key);
      });
    let meet = (): void => {};
    const met = new Promise<void>((resolve) => {
      meet = resolve;
    });
    // Each has a connection of its own, on which ioredis then takes the script to be known.
    await Promise.all([twice("a", () => met), twice("b", meet)]);
    expect(redis.tickpipe.stats()).toMatchObject({ transactionConnections: 2 });
    await other.script("FLUSH");
    const replies = await twice("a");
    expect(String(replies?.[0]?.[0])).toContain("NOSCRIPT");
    for (const _ of [1, 2]) {
      expect(await Promise.all(["a", "b"].map((key) => twice(key)))).toEqual([
        [[null, expect.any(Number)]],
        [[null, expect.any(Number)]],
      ]);
    }
    expect(await other.mget("a", "b")).toEqual(["6", "6"]);
  });
});
