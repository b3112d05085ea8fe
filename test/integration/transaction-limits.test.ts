import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { eventually } from "@tickpipe/test-support";
import type { Redis } from "ioredis";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";

const server = useServer();
let other: Redis;

beforeAll(() => {
  other = server.client();
});

beforeEach(async () => {
  await other.flushall();
});

async function wrapped(options: Parameters<typeof tickpipe>[1]): Promise<Tickpiped<Redis>> {
  const redis = tickpipe(server.client(), options);
  await redis.ping();
  return redis;
}

const increment = (redis: Tickpiped<Redis>) => redis.tickpipe.transaction(["n"], (tx) => tx.multi().incr("n"));

describe("transactions under a cap", () => {
  it.each([1, 20])(
    "hold no room while their functions read with the shared client: maxPending %i",
    async (maxPending) => {
      const redis = await wrapped({ maxPending, whenFull: "wait" });
      await other.set("price", 2);
      const done = await Promise.all(
        range(20).map((i) =>
          redis.tickpipe.transaction([`n:${i}`], async (tx) => {
            const [price, stock] = await Promise.all([redis.get("price"), tx.get(`n:${i}`)]);
            return tx.multi().set(`n:${i}`, Number(price) + Number(stock));
          }),
        ),
      );
      expect(done).toEqual(range(20).map(() => [[null, "OK"]]));
      expect(redis.tickpipe.stats()).toMatchObject({ pending: 0, waiting: 0, transactionsRunning: 0 });
    },
  );

  it("make room for calls that wait when their own commands are answered", async () => {
    const redis = await wrapped({ maxPending: 1, whenFull: "wait" });
    let read: Promise<unknown> = Promise.resolve();
    let waiting: number | undefined;
    await redis.tickpipe.transaction(["n"], async (tx) => {
      const own = tx.get("n");
      read = redis.get("n");
      waiting = redis.tickpipe.stats().waiting;
      expect(await own).toBeNull();
      expect(await read).toBeNull();
      return null;
    });
    expect(waiting).toBe(1);
  });

  it("do not keep out what their functions wait for on the server", async () => {
    const redis = await wrapped({ maxPending: 2, whenFull: "wait" });
    const popping = range(2).map((i) =>
      redis.tickpipe.transaction([`n:${i}`], async (tx) => tx.multi().rpush("popped", String(await tx.blpop("q", 0)))),
    );
    await eventually("both wait", async () => String(await other.info("clients")).includes("blocked_clients:2"));
    await redis.rpush("q", "a", "b");
    await Promise.all(popping);
    expect(await other.llen("popped")).toBe(2);
  });

  it("are bounded where calls beyond it are rejected, though they hold no room themselves", async () => {
    const redis = await wrapped({ maxPending: 2 });
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const run = () =>
      redis.tickpipe.transaction(["n"], async () => {
        await finished;
        return null;
      });
    const running = [run(), run()];
    await eventually("both run", () => redis.tickpipe.stats().transactionsRunning === 2);
    await eventually("they wait for nothing of Redis", () => redis.tickpipe.stats().pending === 0);
    await expect(run()).rejects.toMatchObject({ code: "ERR_TICKPIPE_OVERLOADED" });
    expect(await Promise.all([redis.get("a"), redis.get("b")])).toEqual([null, null]);
    finish();
    expect(await Promise.all(running)).toEqual([null, null]);
    expect(await run()).toBeNull();
  });
});

it("10,000 transactions in a tick, behind a call that is pending, are all executed", async () => {
  const redis = await wrapped({ maxTransactionConnections: 32 });
  redis.set("before", "them");
  let most = 0;
  const calls = range(10_000).map((i) =>
    redis.tickpipe.transaction([`n:${i}`], (tx) => {
      most = Math.max(most, redis.tickpipe.stats().transactionsRunning);
      return tx.multi().incr("n");
    }),
  );
  expect(redis.tickpipe.stats()).toMatchObject({ transactionsRunning: 0, transactionsWaiting: 10_000 });
  const done = await Promise.all(calls);
  expect(done.every((replies) => replies?.[0]?.[0] === null)).toBe(true);
  expect(await other.get("n")).toBe("10000");
  expect(most).toBe(32);
  expect(redis.tickpipe.stats()).toMatchObject({ transactionsRunning: 0, transactionsWaiting: 0, pending: 0 });
}, 240_000);

describe("the function of a transaction that takes longer than timeoutMs", () => {
  const TIMEOUT = expect.objectContaining({ name: "TickpipeError", code: "ERR_TICKPIPE_TRANSACTION_TIMEOUT" });
  const never = (): Promise<never> => new Promise(() => {});

  it("has its transaction rejected, and blocks none of the later ones", async () => {
    const redis = await wrapped({ maxTransactionConnections: 2 });
    const seen: unknown[] = [];
    const stuck = range(6).map((i) =>
      redis.tickpipe.transaction(
        ["n"],
        async (tx) => {
          // Some leave a command behind that never ends, some nothing at all.
          await (i % 2 ? tx.blpop("empty", 0).catch((error: Error) => seen.push(error)) : never());
          return tx.multi().incr("n");
        },
        { timeoutMs: 50 },
      ),
    );
    const settled = await Promise.allSettled(stuck);
    expect(settled).toEqual(stuck.map(() => ({ status: "rejected", reason: TIMEOUT })));
    expect(await increment(redis)).toEqual([[null, 1]]);
    expect(await other.get("n")).toBe("1");
    await eventually("what was left behind is given up", () => seen.length === 3);
    expect(redis.tickpipe.stats()).toMatchObject({ transactionsRunning: 0, transactionsWaiting: 0, pending: 0 });
  });

  it("finds its tx refused, and its own end heard by nobody", async () => {
    const redis = await wrapped({ maxTransactionConnections: 1 });
    let goOn = (): void => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const late: unknown[] = [];
    const stuck = redis.tickpipe.transaction(
      ["n"],
      async (tx) => {
        await held;
        late.push(await tx.incr("n").catch((error: unknown) => error));
        throw new Error("heard by nobody");
      },
      { timeoutMs: 20 },
    );
    await expect(stuck).rejects.toEqual(TIMEOUT);
    goOn();
    await eventually("it goes on", () => late.length === 1);
    expect(late).toEqual([expect.objectContaining({ code: "ERR_TICKPIPE_TRANSACTION_MISUSE" })]);
    expect(await increment(redis)).toEqual([[null, 1]]);
  });

  it("counts for each try by itself, and not while the transaction waits", async () => {
    const redis = await wrapped({ maxTransactionConnections: 1 });
    let tries = 0;
    const replies = await redis.tickpipe.transaction(
      ["n"],
      async (tx) => {
        tries += 1;
        if (tries <= 3) await other.incr("n");
        return tx.multi().incr("n");
      },
      { timeoutMs: 30_000 },
    );
    expect([tries, replies]).toEqual([4, [[null, 4]]]);
  });
});
