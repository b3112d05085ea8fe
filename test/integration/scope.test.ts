import { AsyncLocalStorage } from "node:async_hooks";
import { type Scope, type ScopeOptions, type ScopeRecord, type Tickpiped, tickpipe } from "@tickpipe/core";
import { eventually } from "@tickpipe/test-support";
import type { Redis } from "ioredis";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { range, useServer } from "../engine.ts";
import { expectUnhandledRejection, expectWarning } from "../process-watch.ts";

const server = useServer();
let plain: Redis;
let redis: Tickpiped<Redis>;

beforeAll(async () => {
  plain = server.client();
  redis = tickpipe(server.client(), { blocking: "isolate" });
  await redis.ping();
});

beforeEach(async () => {
  await plain.flushall();
  await plain.mset("key", "value", "other", "value");
});

const open = (options?: ScopeOptions): Scope<Redis> => redis.tickpipe.scope(options);
const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (reply) => reply,
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );

describe("a scope's end", () => {
  it("by close() loses no call: those that wait for a turn are sent, in order, and later ones behind them", async () => {
    const scope = open({ maxPerTick: 2 });
    const made = scope.redis.pipeline().rpush("list", "pipeline");
    const calls: unknown[] = range(7).map((i) => scope.redis.rpush("list", i));
    scope.close();
    calls.push(scope.redis.rpush("list", 7), made.exec());
    calls.push(new Promise((resolve) => scope.redis.rpush("list", 8, (_error, reply) => resolve(reply))));
    await Promise.all(calls);
    expect(await plain.lrange("list", 0, -1)).toEqual([...range(8).map(String), "pipeline", "8"]);
  });

  it("by close() makes its views plain ones: calls go through, uncounted and without a warning, with no memo", async () => {
    const warnings: unknown[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on("warning", listen);
    onTestFinished(() => void process.off("warning", listen));
    const scope = open({ memo: true, maxCommands: 2, whenOverBudget: "reject", deadlineMs: 500 });
    const { redis: own, fresh } = scope;
    expect(await Promise.all([own.get("key"), fresh.get("other")])).toEqual(["value", "value"]);
    scope.close();
    await plain.set("key", "new");
    scope.abort(new Error("too late"));
    await new Promise((resolve) => setTimeout(resolve, 550));
    expect(await Promise.all([own.get("key"), fresh.get("key"), own.incr("n")])).toEqual(["new", "new", 1]);
    expect(await own.pipeline().incr("n").exec()).toEqual([[null, 2]]);
    expect(await new Promise((resolve) => own.incr("n", (_error, reply) => resolve(reply)))).toBe(3);
    expect([own.tickpipe.currentScope(), scope.stats().commands, warnings]).toEqual([undefined, 2, []]);
  });

  it.each(["abort", "deadline"])("by %s refuses the calls of its views after close() as well", async (how) => {
    const scope = open({ abortable: true, deadlineMs: how === "deadline" ? 1 : 10_000 });
    if (how === "abort") scope.abort();
    else await new Promise((resolve) => setTimeout(resolve, 20));
    scope.close();
    const code = how === "abort" ? "ERR_TICKPIPE_ABORTED" : "ERR_TICKPIPE_DEADLINE";
    const calls = [scope.redis.incr("n"), scope.fresh.incr("n"), scope.redis.pipeline().incr("n").exec()];
    expect(await Promise.all(calls.map((call) => codeOf(call as Promise<unknown>)))).toEqual([code, code, code]);
    expect(await plain.get("n")).toBeNull();
  });

  it("concerns a pipeline as it is when that is executed, whichever view was current when it was made", async () => {
    const [aborted, closed] = [open({ abortable: true }), open()];
    const [late, plainly] = [aborted.redis.pipeline().incr("n"), closed.redis.multi().incr("m")];
    const shared = aborted.run(() => redis.pipeline().incr("shared"));
    aborted.abort();
    closed.close();
    expect(await codeOf(late.exec() as Promise<unknown>)).toBe("ERR_TICKPIPE_ABORTED");
    expect(await plainly.exec()).toEqual([[null, 1]]);
    expect(await shared.exec()).toEqual([[null, 1]]);
    expect(await plain.mget("n", "m", "shared")).toEqual([null, "1", "1"]);
  });

  it("leaves no MULTI of single calls open on the connection that all share", async () => {
    const own = tickpipe(server.client());
    await own.ping();
    const scope = own.tickpipe.scope({ abortable: true });
    scope.redis.multi({ pipeline: false });
    scope.redis.incr("n");
    scope.abort();
    scope.redis.incr("n");
    await scope.redis.exec();
    expect(await own.get("n")).toBe("2");
    expect(await codeOf(scope.redis.incr("n"))).toBe("ERR_TICKPIPE_ABORTED");
  });

  it("by its signal stops the waiting for calls that were sent, and never sends the others", async () => {
    const controller = new AbortController();
    const scope = open({ signal: controller.signal, maxPerTick: 3 });
    const fellow = redis.get("key");
    const calls = [
      codeOf(scope.redis.get("key")),
      codeOf(scope.redis.incr("sent")),
      codeOf(scope.redis.incr("sent")),
      codeOf(scope.redis.incr("waiting")),
      new Promise((resolve) => scope.redis.incr("waiting", (error) => resolve((error as { code?: string })?.code))),
      codeOf(scope.redis.pipeline().incr("waiting").exec() as Promise<unknown>),
    ];
    const after = redis.get("other");
    controller.abort(new Error("gone"));
    const aborted = "ERR_TICKPIPE_ABORTED";
    expect(await Promise.all(calls)).toEqual(calls.map(() => aborted));
    // Whoever shares the read has it, and every reply finds its own caller.
    expect(await Promise.all([fellow, after, redis.get("sent")])).toEqual(["value", "value", "2"]);
    await expect(scope.redis.get("key")).rejects.toMatchObject({ code: aborted, cause: new Error("gone") });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await plain.get("waiting")).toBeNull();
  });

  it.each([
    ["first", 0],
    ["second", 1],
  ])("by abort() of the scope that read %s leaves the other its reply", async (_which, aborted) => {
    const [first, second] = [open({ abortable: true }), open({ abortable: true })];
    const replies = [first, second].map((scope) =>
      scope.redis.get("key").catch((error: { code: string }) => error.code),
    );
    expect(redis.tickpipe.stats().deduplicated).toBeGreaterThan(0);
    [first, second][aborted]?.abort(new Error("gone"));
    expect(await Promise.all(replies)).toEqual(
      [0, 1].map((which) => (which === aborted ? "ERR_TICKPIPE_ABORTED" : "value")),
    );
  });

  it("by abort() lets calls that were sent finish where the scope is not abortable, and refuses later ones", async () => {
    const scope = open();
    const sent = scope.redis.get("key");
    scope.abort(new Error("gone"));
    expect(await sent).toBe("value");
    await expect(scope.redis.get("key")).rejects.toMatchObject({
      code: "ERR_TICKPIPE_ABORTED",
      cause: new Error("gone"),
    });
  });

  it.each(["lean", "native"])(
    "by abort() drops the reply of a %s call, and gives the next caller its own",
    async (kind) => {
      const scope = open({ abortable: true });
      const call = kind === "lean" ? scope.redis.getset("key", "other") : scope.redis.call("getset", "key", "other");
      const after = redis.get("key");
      scope.abort();
      await expect(call).rejects.toMatchObject({ code: "ERR_TICKPIPE_ABORTED" });
      expect(await after).toBe("other");
      expect(scope.stats()).toMatchObject({ commands: 1, errors: 0 });
    },
  );

  it("by its deadline rejects likewise", async () => {
    const scope = open({ deadlineMs: 300 });
    expect(await codeOf(scope.redis.get("key"))).toBe("value");
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(await codeOf(scope.redis.get("key"))).toBe("ERR_TICKPIPE_DEADLINE");
  });

  it("calls a callback once, whether the reply or the end comes first", async () => {
    const controller = new AbortController();
    const scope = open({ signal: controller.signal });
    const told: unknown[] = [];
    await new Promise((resolve) => scope.redis.get("key", (error, reply) => resolve(told.push([error, reply]))));
    await new Promise((resolve) => {
      scope.redis.get("key", (error) => resolve(told.push((error as { code?: string } | null)?.code)));
      controller.abort();
    });
    await redis.ping();
    expect(told).toEqual([[null, "value"], "ERR_TICKPIPE_ABORTED"]);
  });

  it("never ends the process by a call that nobody waits for", async () => {
    const unhandled: unknown[] = [];
    const listen = (error: unknown) => unhandled.push(error);
    process.on("unhandledRejection", listen);
    onTestFinished(() => void process.off("unhandledRejection", listen));
    const controller = new AbortController();
    const [aborted, closed] = [open({ signal: controller.signal, maxPerTick: 1 }), open()];
    aborted.redis.get("key");
    aborted.redis.get("key");
    controller.abort();
    aborted.redis.get("key");
    aborted.fresh.get("key");
    aborted.redis.pipeline().get("key").exec();
    aborted.redis.tickpipe.transaction(["key"], (tx) => tx.multi().get("key"));
    const loader = redis.tickpipe.loader({ key: (id: number) => `id:${id}`, load: async (ids) => ids, ttl: 1_000 });
    loader.for(aborted.redis).load(1);
    Object.create(aborted.redis).get("key");
    const over = open({ maxCommands: 1, whenOverBudget: "reject" });
    over.redis.get("key");
    over.redis.get("key");
    closed.close();
    closed.redis.get("key");
    closed.redis.pipeline().get("key").exec();
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
    const refused = expectUnhandledRejection();
    // What Redis itself refuses is heard of, as on the plain client.
    open({ signal: new AbortController().signal }).redis.lpush("key", "value");
    await eventually("it is heard of", () => refused.length > 0);
    expect(refused).toEqual([expect.objectContaining({ message: expect.stringContaining("WRONGTYPE") })]);
  });

  it("leaves no listener on the signal, and an aborted one refuses from the start", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const added: unknown[] = [];
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      added.push(args[1]);
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      added.splice(added.indexOf(args[1]), 1);
      removeEventListener.apply(signal, args);
    };
    for (const scope of range(5).map(() => open({ signal }))) scope.close();
    expect(added).toEqual([]);
    const many = range(30).map(() => open({ signal }));
    expect(added).toHaveLength(1);
    for (const scope of many) scope.close();
    expect(added).toEqual([]);
    controller.abort();
    expect(await codeOf(open({ signal }).redis.get("key"))).toBe("ERR_TICKPIPE_ABORTED");
  });
});

describe("a scope's turns", () => {
  it("hold up only its own calls, and keep their order", async () => {
    const [greedy, modest] = [open({ maxPerTick: 10 }), open()];
    const order: string[] = [];
    const note = (name: string) => () => order.push(name);
    const many = range(95).map((i) => greedy.redis.rpush("list", i).then(note("greedy")));
    const large = greedy.redis.pipeline(range(25).map((i) => ["rpush", "list", String(95 + i)])).exec();
    const last = greedy.redis.rpush("list", 120);
    const few = modest.redis.get("key").then(note("modest"));
    await Promise.all([...many, large, last, few]);
    expect(order.indexOf("modest")).toBeLessThan(20);
    expect(await plain.lrange("list", 0, -1)).toEqual(range(121).map(String));
  });

  it("keep each caller's async context", async () => {
    const context = new AsyncLocalStorage<number>();
    const scope = open({ maxPerTick: 1 });
    const seen: unknown[] = [];
    const raw = redis.tickpipe.client;
    const { sendCommand } = raw;
    onTestFinished(() => {
      raw.sendCommand = sendCommand;
    });
    raw.sendCommand = function (this: Redis, ...args: unknown[]) {
      seen.push(context.getStore());
      return (sendCommand as (...all: unknown[]) => unknown).apply(this, args);
    } as typeof sendCommand;
    await Promise.all(range(4).map((i) => context.run(i, () => scope.redis.incr("n"))));
    expect(seen).toEqual([0, 1, 2, 3]);
  });
});

describe("a scope's run", () => {
  it("has views of no scope act in it, also after awaits, and no other scope's view", async () => {
    const [scope, other] = [open({ name: "a" }), open({ name: "b" })];
    const result = await scope.run(async () => {
      await redis.get("key");
      await new Promise((resolve) => setTimeout(resolve, 1));
      await Promise.all([redis.get("key"), redis.pipeline().get("key").exec(), other.redis.get("key")]);
      return redis.tickpipe.currentScope()?.name;
    });
    expect(result).toBe("a");
    expect([scope.stats().commands, other.stats().commands]).toEqual([3, 1]);
    expect(redis.tickpipe.currentScope()).toBeUndefined();
    expect(() =>
      scope.run(() => {
        throw new RangeError("mine");
      }),
    ).toThrow(RangeError);
  });

  it("keeps many at once apart, and lets what goes on after a close act in none", async () => {
    const scopes = range(200).map(() => open({ memo: true }));
    await Promise.all(
      scopes.map((scope, i) =>
        scope.run(async () => {
          await redis.set(`owner:${i}`, i);
          for (const _ of range(3)) {
            await new Promise((resolve) => setImmediate(resolve));
            expect(await redis.get(`owner:${i}`)).toBe(String(i));
          }
          expect(redis.tickpipe.currentScope()).toBe(scope);
          scope.close();
          expect(await redis.incr("after")).toBeGreaterThan(0);
          expect(redis.tickpipe.currentScope()).toBeUndefined();
        }),
      ),
    );
    for (const scope of scopes) expect(scope.stats()).toMatchObject({ commands: 2, memoHits: 2 });
  });

  it("never refuses a call of a view of no scope: no abort, no deadline, no budget, and none that waits for its turn", async () => {
    const scope = open({ abortable: true, maxCommands: 1, whenOverBudget: "reject", maxPerTick: 2 });
    const calls = scope.run(() => {
      const own = range(2).map(() => codeOf(scope.redis.incr("own")));
      return [...own, ...range(5).map((i) => codeOf(redis.rpush("list", i)))];
    });
    scope.abort();
    const later = scope.run(() => codeOf(redis.rpush("list", 5)));
    expect(await Promise.all(calls)).toEqual(["ERR_TICKPIPE_ABORTED", "ERR_TICKPIPE_OVER_BUDGET", 1, 2, 3, 4, 5]);
    expect(await later).toBe(6);
    expect(await plain.lrange("list", 0, -1)).toEqual(range(6).map(String));
  });
});

describe("a scope's observe", () => {
  it("counts what views of no scope call, apart from its own, and does nothing else to them", async () => {
    const scope = open({ memo: true, maxPerTick: 1, maxCommands: 1, whenOverBudget: "reject", abortable: true });
    const seen = await scope.observe(async () => {
      await scope.redis.get("key");
      await plain.set("key", "new");
      expect([await redis.get("key"), await redis.get("key")]).toEqual(["new", "new"]);
      await redis.pipeline().get("key").get("other").exec();
      scope.abort();
      return [await redis.get("other"), redis.tickpipe.currentScope()];
    }, true);
    expect(seen).toEqual(["value", undefined]);
    const { others, all } = scope.observed();
    expect([scope.stats().commands, others.commands, all.commands]).toEqual([1, 4, 5]);
    expect([others.roundTrips, all.roundTrips]).toEqual([3, 4]);
  });

  it("enters no async context while nobody asks, and has calls recorded for whoever does", async () => {
    const unobserved = open();
    await unobserved.observe(() => redis.get("key"));
    expect(unobserved.observed().others.commands).toBe(0);
    const records: ScopeRecord[] = [];
    onTestFinished(redis.tickpipe.record((record) => records.push(record)));
    const scope = open();
    await scope.observe(async () => {
      await Promise.all([redis.get("key"), scope.redis.get("other")]);
      await redis.get("other");
    });
    scope.close();
    expect(scope.record()).toBeUndefined();
    expect(records[0]?.calls.map(({ keys, roundTrip }) => [keys, roundTrip])).toEqual([
      [["key"], 1],
      [["other"], 1],
      [["other"], 2],
    ]);
    expect(records[0]?.stats).toMatchObject({ commands: 3, roundTrips: 2 });
  });
});

describe("a scope's budget", () => {
  it("warns once, with the counts and the scope's name", async () => {
    const warnings = expectWarning("TICKPIPE_OVER_BUDGET");
    const scope = open({ name: "/posts", maxRoundTrips: 2 });
    for (const _ of range(4)) await scope.redis.get("key");
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({ name: "TickpipeWarning", code: "TICKPIPE_OVER_BUDGET" });
    expect(warnings[0]?.message).toContain('The scope "/posts" makes 3 round trips, more than maxRoundTrips (2)');
  });

  it("rejects what is over it, unsent, if asked to", async () => {
    const scope = open({ maxCommands: 3, whenOverBudget: "reject" });
    const over = "ERR_TICKPIPE_OVER_BUDGET";
    const calls = [
      scope.redis.incr("n"),
      scope.redis.pipeline().incr("n").incr("n").incr("n").exec(),
      scope.redis.incr("n"),
    ];
    expect(await Promise.all(calls.map((call) => codeOf(call as Promise<unknown>)))).toEqual([1, over, 2]);
    const trips = open({ maxRoundTrips: 1, whenOverBudget: "reject" });
    expect(await Promise.all([trips.redis.get("key"), trips.redis.get("other")])).toEqual(["value", "value"]);
    expect(await codeOf(trips.redis.get("key"))).toBe(over);
  });
});

it.each<[object, string]>([
  [{ name: 1 }, 'option "name" of scope() to be a string'],
  [{ memo: "get" }, 'option "memo" of scope()'],
  [{ memo: ["set"] }, 'option "memo" of scope()'],
  [{ signal: {} }, 'option "signal" of scope() to be an AbortSignal'],
  [{ deadlineMs: 0 }, 'option "deadlineMs" of scope() to be a number of milliseconds above 0'],
  [{ deadlineMs: 2 ** 31 }, 'option "deadlineMs" of scope()'],
  [{ maxPerTick: 0.5 }, 'option "maxPerTick" of scope() to be a whole number from 1 on'],
  [{ maxCommands: -1 }, 'option "maxCommands" of scope()'],
  [{ whenOverBudget: "throw" }, 'option "whenOverBudget" of scope() to be "warn" or "reject"'],
  [{ nmae: "x" }, "scope() has no option named"],
])("scope() refuses %j", (options, said) => {
  expect(() => redis.tickpipe.scope(options as ScopeOptions)).toThrow(said);
});
