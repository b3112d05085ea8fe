import { type ScopeOptions, type Tickpiped, type TickpipeOptions, tickpipe } from "@tickpipe/core";
import { eventually, freePort, startFaultProxy } from "@tickpipe/test-support";
import type { Redis } from "ioredis";
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

const ABORTED = { status: "rejected", reason: expect.objectContaining({ code: "ERR_TICKPIPE_ABORTED" }) };

/** A scope that can be aborted, and the client that it is of. */
function abortable(tickpipeOptions = {}, scopeOptions: ScopeOptions = {}) {
  const redis = tickpipe(server.client(), { maxTransactionConnections: 1, ...tickpipeOptions });
  return { redis, scope: redis.tickpipe.scope({ abortable: true, ...scopeOptions }) };
}

/** What a transaction of the scope did: how often its function was called. */
function increment(redis: Tickpiped<Redis>, during: (tries: number, tx: Redis) => unknown = () => {}) {
  const seen = { calls: 0, settled: Promise.resolve() as Promise<unknown> };
  const call = redis.tickpipe.transaction(["n"], async (tx) => {
    seen.calls += 1;
    await during(seen.calls, tx);
    return tx.multi().incr("n");
  });
  seen.settled = Promise.allSettled([call]).then(([outcome]) => outcome);
  return seen;
}

/** A later transaction is executed: the only connection is free, unwatched, and nothing of an earlier one has come of it. */
async function expectFree(redis: Tickpiped<Redis>): Promise<void> {
  const before = Number(await other.get("n"));
  expect(await redis.tickpipe.transaction(["n"], (tx) => tx.multi().incr("n"))).toEqual([[null, before + 1]]);
  expect(redis.tickpipe.stats()).toMatchObject({ transactionsRunning: 0, transactionsWaiting: 0, pending: 0 });
}

describe("a transaction whose scope is aborted", () => {
  it("in its tick, or behind a call that has no reply, sends nothing and calls nothing", async () => {
    const { redis, scope } = abortable();
    await redis.ping();
    redis.blpop("gate", 0);
    const first = increment(scope.redis);
    await other.ping();
    const second = increment(scope.redis);
    scope.abort();
    expect([await first.settled, await second.settled]).toEqual([ABORTED, ABORTED]);
    await other.rpush("gate", "open");
    await expectFree(redis);
    expect([first.calls, second.calls, await other.get("n")]).toEqual([0, 0, "1"]);
  });

  it("while it waits for a connection is not begun", async () => {
    const { redis, scope } = abortable();
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const holding = increment(redis, () => finished);
    await eventually("the connection is taken", () => holding.calls === 1);
    const waiting = range(3).map(() => increment(scope.redis));
    await eventually("they wait", () => redis.tickpipe.stats().transactionsWaiting === 3);
    scope.abort();
    for (const { settled } of waiting) expect(await settled).toEqual(ABORTED);
    finish();
    await holding.settled;
    await expectFree(redis);
    expect([waiting.map(({ calls }) => calls), await other.get("n")]).toEqual([[0, 0, 0], "2"]);
  });

  it.each([false, true])("while its function runs sends no EXEC; with a command in flight: %s", async (isInFlight) => {
    const { redis, scope } = abortable();
    let goOn = (): void => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const run = increment(scope.redis, async (_tries, tx) => {
      if (isInFlight) tx.blpop("gate", 0).catch(() => {});
      await held;
    });
    await eventually("it runs", () => run.calls === 1);
    scope.abort();
    expect(await run.settled).toEqual(ABORTED);
    goOn();
    await other.set("n", 5);
    await expectFree(redis);
    expect(await other.get("n")).toBe("6");
  });

  it("between tries is not tried again", async () => {
    const { redis, scope } = abortable();
    const run = increment(scope.redis, async (tries) => {
      await other.incr("n");
      if (tries === 3) setImmediate(() => scope.abort());
    });
    expect(await run.settled).toEqual(ABORTED);
    await expectFree(redis);
    expect(run.calls).toBeLessThanOrEqual(4);
    expect(await other.get("n")).toBe(String(run.calls + 1));
  });

  it("once EXEC is called is executed, though nobody waits for it", async () => {
    const { redis, scope } = abortable();
    // By then EXEC waits in its tick, which cannot be taken back.
    const run = increment(scope.redis, () => void setImmediate(() => scope.abort()));
    expect(await run.settled).toEqual(ABORTED);
    await eventually("it is executed", async () => (await other.get("n")) === "1");
    await expectFree(redis);
    expect(await other.get("n")).toBe("2");
  });

  it("while Redis is away is dropped, and not executed when Redis returns", async () => {
    const proxy = await startFaultProxy(server.port);
    onTestFinished(() => proxy.stop());
    const client = server.client({ port: proxy.port, retryStrategy: () => 500 });
    client.on("error", () => {});
    const redis = tickpipe(client);
    await redis.ping();
    const scope = redis.tickpipe.scope({ deadlineMs: 20 });
    proxy.strike("cut");
    await eventually("the connection is lost", () => client.status !== "ready");
    const run = increment(scope.redis);
    const late = { status: "rejected", reason: expect.objectContaining({ code: "ERR_TICKPIPE_DEADLINE" }) };
    expect(await run.settled).toEqual(late);
    await redis.ping();
    await expectFree(redis);
    expect([run.calls, await other.get("n")]).toEqual([0, "1"]);
  });

  it.each<[string, TickpipeOptions, ScopeOptions]>([
    ["nothing else", {}, {}],
    ["memo", {}, { memo: true }],
    ["maxPerTick", {}, { maxPerTick: 1 }],
    ["a budget", {}, { maxCommands: 9 }],
    ["a cap that it waits for", { maxPending: 1, whenFull: "wait" }, {}],
    ["one connection", { maxTransactionConnections: 1 }, {}],
  ])(
    "before its client could ever connect is dropped, and not executed once it can; with %s",
    async (_with, ...given) => {
      const [tickpipeOptions, scopeOptions] = given;
      const port = await freePort();
      const client = server.client({ port, retryStrategy: () => 20 });
      client.on("error", () => {});
      const redis = tickpipe(client, tickpipeOptions);
      const scope = redis.tickpipe.scope({ deadlineMs: 60, ...scopeOptions });
      const others = redis.set("others", "go on");
      const runs = range(3).map(() => increment(scope.redis));
      redis.select(0);
      runs.push(increment(scope.redis));
      const late = { status: "rejected", reason: expect.objectContaining({ code: "ERR_TICKPIPE_DEADLINE" }) };
      expect(await Promise.all(runs.map(({ settled }) => settled))).toEqual(runs.map(() => late));
      const proxy = await startFaultProxy(server.port, port);
      onTestFinished(() => proxy.stop());
      expect(await others).toBe("OK");
      await expectFree(redis);
      expect([runs.map(({ calls }) => calls), await other.get("n")]).toEqual([[0, 0, 0, 0], "1"]);
    },
  );

  it("is no unhandled rejection where nobody has awaited it yet", async () => {
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", listen);
    onTestFinished(() => void process.off("unhandledRejection", listen));
    for (const options of [{}, { memo: true }, { maxPerTick: 1 }, { maxCommands: 5 }] as ScopeOptions[]) {
      const { redis, scope } = abortable({}, options);
      await redis.ping();
      const calls = range(3).map(() => scope.redis.tickpipe.transaction(["n"], (tx) => tx.multi().incr("n")));
      scope.abort();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await Promise.allSettled(calls)).toEqual([ABORTED, ABORTED, ABORTED]);
    }
    expect(unhandled).toEqual([]);
    expect(await other.exists("n")).toBe(0);
  });
});
