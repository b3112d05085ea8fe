import { tickpipe } from "@tickpipe/core";
import type { Redis, RedisOptions } from "ioredis";
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

function wrapped(options: RedisOptions = {}, tickpipeOptions = {}) {
  const redis = tickpipe(server.client(options), { maxTransactionConnections: 1, ...tickpipeOptions });
  redis.on("error", () => {});
  return redis;
}

/** The connection that a transaction has, to tell one from another. */
const connectionOf = (tx: Redis): unknown => Reflect.get(tx, "stream");
const outcome = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

describe("a transaction with a watched key that others change", () => {
  it.each([0, 3])("is given up after %i retries, with nothing executed", async (retries) => {
    const redis = wrapped();
    let tries = 0;
    const error = await outcome(
      redis.tickpipe.transaction(
        ["secret-key"],
        async (tx) => {
          tries += 1;
          await other.incr("secret-key");
          return tx.multi().set("secret-key", "overwritten");
        },
        { retries },
      ),
    );
    expect(error).toMatchObject({ name: "TickpipeError", code: "ERR_TICKPIPE_CONFLICT" });
    expect(String(error)).toContain(`in each of ${retries + 1} tr`);
    expect(String(error)).not.toContain("secret");
    expect(tries).toBe(retries + 1);
    expect(await other.get("secret-key")).toBe(String(retries + 1));
    expect(redis.tickpipe.stats()).toMatchObject({ pending: 0, transactionConnections: 1 });
  });
});

it("a key that the function watches itself counts, and is no reason for a warning", async () => {
  const redis = wrapped();
  let tries = 0;
  const replies = await redis.tickpipe.transaction(["pointer"], async (tx) => {
    tries += 1;
    await tx.watch("target");
    await tx.get("target");
    if (tries === 1) await other.set("target", 1);
    return tx.multi().incr("target");
  });
  expect([tries, replies]).toEqual([2, [[null, 2]]]);
  expect(redis.tickpipe.stats().transactionConnections).toBe(1);
});

describe("a transaction whose function", () => {
  type Fn = Parameters<ReturnType<typeof wrapped>["tickpipe"]["transaction"]>[1];
  const failing: Record<string, [Fn, object]> = {
    throws: [
      () => {
        throw new RangeError("no");
      },
      { name: "RangeError", message: "no" },
    ],
    rejects: [
      async (tx) => {
        await tx.get("a");
        throw new RangeError("no");
      },
      { name: "RangeError", message: "no" },
    ],
    "gets an error from Redis": [
      async (tx) => {
        await Promise.all([tx.lpop("text"), tx.get("a")]);
        return null;
      },
      { name: "ReplyError" },
    ],
    "returns something else": [
      async () => [["set", "a", "1"]] as never,
      { name: "TickpipeTypeError", code: "ERR_TICKPIPE_INVALID_ARGUMENT" },
    ],
    "returns a pipeline": [(tx) => tx.pipeline().set("a", 1), { code: "ERR_TICKPIPE_INVALID_ARGUMENT" }],
    "returns the multi() of another client": [
      () => other.multi().set("a", 1),
      { code: "ERR_TICKPIPE_INVALID_ARGUMENT" },
    ],
    "executes its multi() itself": [
      async (tx) => (await tx.multi().set("a", 1).exec()) as never,
      { name: "TickpipeError", code: "ERR_TICKPIPE_TRANSACTION_MISUSE" },
    ],
    "begins a MULTI of its own": [
      async (tx) => (await tx.multi({ pipeline: false })) as never,
      { code: "ERR_TICKPIPE_TRANSACTION_MISUSE" },
    ],
    "unwatches through call()": [
      async (tx) => (await tx.call("UNWATCH")) as never,
      { code: "ERR_TICKPIPE_TRANSACTION_MISUSE" },
    ],
    "unwatches in a pipeline": [
      async (tx) => (await tx.pipeline().get("a").unwatch().exec()) as never,
      { code: "ERR_TICKPIPE_TRANSACTION_MISUSE" },
    ],
    quits: [async (tx) => (await tx.quit()) as never, { code: "ERR_TICKPIPE_TRANSACTION_MISUSE" }],
  };

  it.each(Object.entries(failing))(
    "%s passes the error on, and its connection on unwatched",
    async (_name, [fn, error]) => {
      await other.set("text", "no list");
      const redis = wrapped();
      const connections: unknown[] = [];
      const failed = redis.tickpipe.transaction(["a"], (tx) => {
        connections.push(connectionOf(tx));
        return fn(tx);
      });
      await expect(failed).rejects.toMatchObject(error);
      await other.set("a", "changed");
      // Were "a" watched still, this one would have a conflict, and a second try.
      const replies = await redis.tickpipe.transaction(["b"], async (tx) => {
        connections.push(connectionOf(tx));
        await tx.get("b");
        return tx.multi().set("b", 1);
      });
      expect(replies).toEqual([[null, "OK"]]);
      expect(connections).toHaveLength(2);
      expect(connections[1]).toBe(connections[0]);
      expect(await other.get("a")).toBe("changed");
    },
  );

  it("changes the connection leaves that to nobody else", async () => {
    const redis = wrapped();
    const connections = new Set<unknown>();
    const ways: Fn[] = [
      (tx) => tx.select(5).then(() => null),
      (tx) => tx.call("SELECT", 5).then(() => null),
      (tx) =>
        tx
          .pipeline()
          .select(5)
          .exec()
          .then(() => null),
      (tx) => tx.multi().select(5),
    ];
    for (const change of ways) {
      await redis.tickpipe.transaction(["key"], change);
      await redis.tickpipe.transaction(["key"], async (tx) => {
        connections.add(connectionOf(tx));
        return tx.multi().incr("key");
      });
    }
    expect(connections.size).toBe(ways.length);
    expect(await other.get("key")).toBe(String(ways.length));
  });

  it("returns commands that Redis refuses rejects with ioredis's EXECABORT, and executes none", async () => {
    const redis = wrapped();
    const refused = redis.tickpipe.transaction(["a"], async (tx) => tx.multi().set("a", 1).call("NOSUCH"));
    await expect(refused).rejects.toMatchObject({ name: "ReplyError", previousErrors: [expect.any(Error)] });
    expect(await other.exists("a")).toBe(0);
    const unencodable = redis.tickpipe.transaction(["a"], async (tx) => tx.multi().set("a", { toString: 1 } as never));
    await expect(unencodable).rejects.toThrow(TypeError);
    expect(await redis.tickpipe.transaction(["a"], async (tx) => tx.multi().incr("a"))).toEqual([[null, 1]]);
  });

  it("begins another transaction is told so, instead of waiting for a connection that it holds itself", async () => {
    const redis = wrapped();
    const inner = () => redis.tickpipe.transaction(["b"], async (tx) => tx.multi().incr("b"));
    const misuse = { name: "TickpipeError", code: "ERR_TICKPIPE_TRANSACTION_MISUSE" };
    await expect(redis.tickpipe.transaction(["a"], async () => inner() as never)).rejects.toMatchObject(misuse);
    const throughTx = redis.tickpipe.transaction(["a"], async (tx) =>
      (tx as typeof redis).tickpipe.transaction(["b"], () => null).then(() => null),
    );
    await expect(throughTx).rejects.toMatchObject(misuse);
    let later: Promise<unknown> = Promise.resolve();
    const done = new Promise<void>((resolve) => {
      const outer = redis.tickpipe.transaction(["a"], async (tx) => {
        // Begun in the function's async context, when the function is over: that is no nesting.
        later = new Promise<void>((over) => setTimeout(() => outer.then(() => over()), 0)).then(inner);
        return tx.multi().incr("a");
      });
      outer.then(() => resolve());
    });
    await done;
    expect(await later).toEqual([[null, 1]]);
  });

  it("keeps tx for later finds it refused", async () => {
    const redis = wrapped();
    let kept = redis as Redis;
    let pipeline = redis.pipeline();
    await redis.tickpipe.transaction(["a"], async (tx) => {
      kept = tx;
      pipeline = tx.pipeline().set("a", "late");
      return null;
    });
    const over = {
      name: "TickpipeError",
      code: "ERR_TICKPIPE_TRANSACTION_MISUSE",
      message: expect.stringContaining("over"),
    };
    await expect(kept.set("a", "late")).rejects.toMatchObject(over);
    await expect(kept.call("SET", "a", "late")).rejects.toMatchObject(over);
    await expect(pipeline.exec()).rejects.toMatchObject(over);
    expect(await new Promise((resolve) => kept.get("a", resolve))).toMatchObject(over);
    for (const call of [() => kept.pipeline(), () => kept.multi(), () => kept.scanStream(), () => kept.disconnect()]) {
      expect(call).toThrow(expect.objectContaining(over));
    }
    expect(await other.exists("a")).toBe(0);
  });
});
