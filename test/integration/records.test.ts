import { type RecordOptions, type ScopeRecord, type Tickpiped, tickpipe } from "@tickpipe/core";
import { eventually } from "@tickpipe/test-support";
import { Command, type Redis } from "ioredis";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { range, useServer } from "../engine.ts";
import { clientVariants } from "../variants.ts";

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
  await plain.set("text", "value");
});

/** Has scopes recorded until the test is over. */
function recorded(view: Tickpiped<Redis> = redis, options?: RecordOptions): ScopeRecord[] {
  const records: ScopeRecord[] = [];
  onTestFinished(view.tickpipe.record((record) => records.push(record), options));
  return records;
}

/** What a scope's record says of one function's calls. */
async function recordOf(fn: (redis: Tickpiped<Redis>) => unknown, view = redis, options?: RecordOptions) {
  const records = recorded(view, options);
  const scope = view.tickpipe.scope({ name: "test" });
  await fn(scope.redis);
  scope.close();
  const [record] = records;
  if (!record) throw new Error("The listener was not told.");
  return record;
}

const settled = (calls: readonly unknown[]) => Promise.allSettled(calls as Promise<unknown>[]);

it("is made of those scopes alone that when() agrees to", async () => {
  const answers = [true, false, true];
  const opened: unknown[] = [];
  const records = recorded(redis, { when: () => answers.shift() ?? false, opened: (scope) => opened.push(scope.name) });
  for (const name of ["a", "b", "c"]) {
    const scope = redis.tickpipe.scope({ name });
    await scope.redis.get("text");
    expect(scope.record() !== undefined).toBe(name !== "b");
    scope.close();
  }
  expect(records.map(({ name }) => name)).toEqual(["a", "c"]);
  expect(opened).toEqual(["a", "c"]);
  expect(() => redis.tickpipe.record(() => {}, { when: true as never })).toThrow(
    expect.objectContaining({ code: "ERR_TICKPIPE_INVALID_OPTION" }),
  );
});

describe.each(clientVariants)("the record of a scope, with $name", ({ make }) => {
  let view: Tickpiped<Redis>;
  beforeAll(async () => {
    const client = make({ port: server.port });
    view = tickpipe(client);
    await view.ping();
    return () => client.disconnect();
  });

  it("tells each call's command, keys, round trip, time, size and outcome", async () => {
    const record = await recordOf(async (own) => {
      await Promise.all([own.get("text"), own.set("b", "x"), own.mget("text", "b")]);
      await own.getBuffer("text");
      await settled([own.lpush("text", "x"), own.call("nonsense", "a")]);
    }, view);
    expect(record).toMatchObject({ name: "test", droppedCalls: 0, stats: { commands: 6, roundTrips: 3, errors: 2 } });
    expect(record.calls.map((c) => [c.command, c.method, c.keys, c.roundTrip, c.replyBytes > 0])).toEqual([
      ["get", "get", ["text"], 1, true],
      ["set", "set", ["b"], 1, true],
      ["mget", "mget", ["text", "b"], 1, true],
      ["get", "getBuffer", ["text"], 2, true],
      ["lpush", "lpush", ["text"], 3, false],
      ["nonsense", "call", [], 3, false],
    ]);
    for (const { startedMs, endedMs, answeredBy, commands, callSite } of record.calls) {
      expect(startedMs).toBeGreaterThanOrEqual(0);
      expect(endedMs).toBeGreaterThanOrEqual(startedMs);
      expect(record.durationMs).toBeGreaterThanOrEqual(endedMs ?? Number.POSITIVE_INFINITY);
      expect([answeredBy, commands, callSite]).toEqual(["redis", 1, null]);
    }
    expect(record.calls.map((c) => [c.outcome, c.errorName, c.errorCode])).toEqual([
      ...range(4).map(() => ["ok", null, null]),
      ["error", "ReplyError", "WRONGTYPE"],
      ["error", "ReplyError", "ERR"],
    ]);
  });

  it("tells of a pipeline, a multi, a transaction, a script and a callback as of one call each", async () => {
    view.defineCommand("add", { numberOfKeys: 1, lua: "return redis.call('incrby', KEYS[1], ARGV[1])" });
    const record = await recordOf(async (own) => {
      await own.pipeline().set("p", 1).incr("p").lpush("text", "x").exec();
      await own.multi().set("m", 1).incr("m").exec();
      await own.tickpipe.transaction(["w"], (tx) => tx.multi().set("w", 1));
      await (own as never as { add(...args: unknown[]): Promise<unknown> }).add("n", 2);
      await own.eval("return 1", 1, "k");
      await new Promise((resolve) => own.get("text", resolve));
    }, view);
    expect(record.calls.map((c) => [c.command, c.commands, c.keys, c.errorCode])).toEqual([
      ["pipeline", 3, ["p", "p", "text"], "WRONGTYPE"],
      ["multi", 4, ["m", "m"], null],
      ["transaction", 1, ["w"], null],
      ["add", 1, ["n"], null],
      ["eval", 1, ["k"], null],
      ["get", 1, ["text"], null],
    ]);
  });
});

describe("the record of a scope", () => {
  it("tells which calls shared another's reply, or were answered from the memo", async () => {
    const records = recorded();
    const scope = redis.tickpipe.scope({ memo: true });
    await Promise.all([scope.redis.get("text"), scope.redis.get("text"), scope.redis.get("other")]);
    await scope.redis.get("text");
    await scope.fresh.get("text");
    scope.close();
    expect(records[0]?.calls.map((c) => [c.answeredBy, c.commands, c.roundTrip])).toEqual([
      ["redis", 1, 1],
      ["dedupe", 0, 1],
      ["redis", 1, 1],
      ["memo", 0, 1],
      ["redis", 1, 2],
    ]);
    expect(records[0]?.stats).toMatchObject({ memoHits: 1, roundTrips: 2 });
  });

  it("tells so of a call that waited for room, and of one with a callback in a scope that may be aborted", async () => {
    const waiting = tickpipe(server.client(), { maxPending: 2, whenFull: "wait" });
    await waiting.ping();
    const records = recorded(waiting);
    const scope = waiting.tickpipe.scope({ signal: new AbortController().signal });
    const own = scope.redis;
    const withCallback = (key: string) => new Promise((resolve) => own.get(key, (_error, reply) => resolve(reply)));
    const calls = [own.get("a"), own.get("b"), own.get("text"), withCallback("text"), own.get("c")];
    expect(await Promise.all(calls)).toEqual([null, null, "value", "value", null]);
    scope.close();
    expect(records[0]?.calls.map((c) => [c.answeredBy, c.commands])).toEqual([
      ...range(3).map(() => ["redis", 1]),
      ["dedupe", 0],
      ["redis", 1],
    ]);
  });

  it("tells of calls that were never sent: over the budget, over the cap, waiting when the scope was aborted", async () => {
    const records = recorded();
    const capped = tickpipe(server.client(), { maxPending: 1 });
    const cappedRecords = recorded(capped);
    await capped.ping();
    const [budget, ending, full] = [
      redis.tickpipe.scope({ maxCommands: 1, whenOverBudget: "reject" }),
      redis.tickpipe.scope({ maxPerTick: 1 }),
      capped.tickpipe.scope(),
    ];
    const calls = [budget.redis.get("a"), budget.redis.get("b"), ending.redis.get("a"), ending.redis.get("b")];
    const others = [full.redis.get("a"), full.redis.get("b")];
    ending.abort();
    await settled([...calls, ...others]);
    for (const scope of [budget, ending, full]) scope.close();
    const told = ({ calls }: ScopeRecord) => calls.map((c) => c.errorCode);
    expect([...records, ...cappedRecords].map(told)).toEqual([
      [null, "ERR_TICKPIPE_OVER_BUDGET"],
      [null, "ERR_TICKPIPE_ABORTED"],
      [null, "ERR_TICKPIPE_OVERLOADED"],
    ]);
    for (const { calls } of records) expect(calls[1]).toMatchObject({ commands: 0, outcome: "error" });
  });

  it("goes on with a call that still waits when the scope is closed or aborted", async () => {
    const controller = new AbortController();
    const records = recorded();
    const [closed, aborted] = [redis.tickpipe.scope(), redis.tickpipe.scope({ signal: controller.signal })];
    const calls = settled([closed.redis.blpop("list", 0), aborted.redis.blpop("list", 0)]);
    closed.close();
    controller.abort();
    aborted.close();
    const waiting = records.flatMap((record) => record.calls);
    expect(waiting).toEqual(range(2).map(() => expect.objectContaining({ outcome: "pending", endedMs: null })));
    await plain.rpush("list", "a", "b");
    await calls;
    // The aborted one has given its connection up: nothing is taken for nobody.
    await eventually("both have ended", () => waiting.every((call) => call.outcome !== "pending"));
    expect(waiting.map((call) => call.outcome)).toEqual(["ok", "error"]);
  });

  it("is there while the scope is open, and not unless it is asked for", async () => {
    const before = redis.tickpipe.scope();
    const end = redis.tickpipe.record(() => {});
    const scope = redis.tickpipe.scope();
    await Promise.all([scope.redis.get("text"), before.redis.get("text")]);
    expect(scope.record()?.calls).toHaveLength(1);
    expect(before.record()).toBeUndefined();
    end();
    expect(redis.tickpipe.scope().record()).toBeUndefined();
  });

  it("is given once to each who asks still, with the scope; what one throws harms nobody", async () => {
    const told: unknown[] = [];
    const uncaught = new Promise((resolve) => {
      const listeners = process.listeners("uncaughtException");
      process.removeAllListeners("uncaughtException");
      process.once("uncaughtException", (error) => {
        for (const listener of listeners) process.on("uncaughtException", listener);
        resolve(error);
      });
    });
    const failure = new Error("the listener's own");
    onTestFinished(
      redis.tickpipe.record(() => {
        throw failure;
      }),
    );
    const endThird = redis.tickpipe.record(() => told.push("third"));
    onTestFinished(redis.tickpipe.record((_record, scope) => told.push(scope)));
    const scope = redis.tickpipe.scope();
    endThird();
    scope.close();
    scope.close();
    expect(told).toEqual([scope]);
    expect(await uncaught).toBe(failure);
  });

  it("changes nothing for a call whose arguments or reply cannot be looked at", async () => {
    const circular: unknown[] = [];
    circular.push(circular);
    Command.setReplyTransformer("echo", () => circular);
    onTestFinished(() => Command.setReplyTransformer("echo", (reply) => reply));
    const failure = new RangeError("the argument's own");
    const throwing = new Proxy([], {
      get() {
        throw failure;
      },
    });
    const record = await recordOf(
      async (own) => {
        expect(await own.echo("x")).toBe(circular);
        expect(() => own.mset(throwing as never)).toThrow(failure);
        expect(await own.get("text")).toBe("value");
      },
      redis,
      { replyUses: true, callSites: true },
    );
    expect(record.calls.map((c) => [c.command, c.outcome])).toEqual([
      ["echo", "ok"],
      ["get", "ok"],
    ]);
    expect(record).toMatchObject({ droppedCalls: 1, stats: { commands: 3 } });
  });

  it("holds no more calls and call sites than was asked for, and says how many more there were", async () => {
    const record = await recordOf((own) => Promise.all(range(10).map((i) => own.get(`k${i}`))), redis, {
      callSites: true,
      maxCalls: 6,
      maxCallSites: 4,
    });
    expect(record.calls.map((call) => call.callSite !== null)).toEqual([true, true, true, true, false, false]);
    expect(record).toMatchObject({ droppedCalls: 4, droppedCallSites: 2, stats: { commands: 10 } });
  });

  it("says where each call was made, across awaits, the caller's own code first", async () => {
    const readTwice = async (own: Redis) => {
      await own.get("a");
      await own.get("b");
    };
    const { calls } = await recordOf(
      async (own) => {
        await readTwice(own);
        await own.pipeline().get("a").exec();
      },
      redis,
      { callSites: true },
    );
    const frames = calls.map((call) => call.callSite?.stack.split("\n") ?? []);
    for (const [first] of frames) expect(first).toMatch(/records\.test\.ts:\d+:\d+\)?$/);
    expect(new Set(frames.map(([first]) => first)).size).toBe(3);
    expect(frames[1]?.[0]).toContain("at readTwice");
    expect(frames[1]?.slice(1).some((frame) => /records\.test\.ts:\d+:\d+\)?$/.test(frame))).toBe(true);
    for (const frame of frames.flat()) expect(frame).not.toMatch(/packages\/core/);
  });

  it("has keys with the client's prefix, in reasonable number and length, and no values", async () => {
    const view = tickpipe(server.client({ keyPrefix: "app:" }));
    const secret = "SECRET-VALUE";
    const { calls } = await recordOf(
      (own) =>
        settled([
          own.mget(range(40).map((i) => `k${i}`)),
          own.set("x".repeat(1_000_000), secret),
          own.mset({ a: secret, b: secret }),
          own.set(Buffer.from([0x66, 0xff]), Buffer.from(secret)),
          own.call("HSET", "h", "f", secret),
          own.zinterstore("z", 2, "one", "two"),
          own.eval(`return redis.error_reply(ARGV[1])`, 0, `${secret} x`),
          own.pipeline().set("p", secret).exec(),
          own.call("AUTH", secret),
        ]),
      view,
    );
    expect(calls.map((call) => call.keys.length)).toEqual([16, 1, 2, 1, 1, 3, 0, 1, 0]);
    expect(calls[0]?.keys[0]).toBe("app:k0");
    expect(calls[1]?.keys[0]).toHaveLength(512);
    expect(calls[3]?.keys).toEqual(["app:f\ufffd"]);
    expect(calls[5]?.keys).toEqual(["app:z", "app:one", "app:two"]);
    expect(calls[7]?.keys).toEqual(["app:p"]);
    expect(calls[6]).toMatchObject({ errorName: "ReplyError", errorCode: null });
    expect(JSON.stringify(calls)).not.toContain(secret);
  });
});

it.each<[unknown, unknown, string]>([
  ["no function", undefined, "Expected what record() is given to be a function"],
  [() => {}, null, "Expected the options of record() to be an object"],
  [() => {}, { callSites: 1 }, 'Expected option "callSites" of record() to be true or false'],
  [() => {}, { maxCalls: 0 }, 'Expected option "maxCalls" of record() to be a whole number from 1 on'],
  [() => {}, { maxCallSites: "x" }, 'Expected option "maxCallSites" of record()'],
  [() => {}, { when: true }, 'Expected option "when" of record() to be a function'],
  [() => {}, { opened: [] }, 'Expected option "opened" of record() to be a function that takes a scope'],
  [() => {}, { calls: 1 }, "record() has no option named"],
])("record(%s, %j) is refused", (listener, options, said) => {
  expect(() => redis.tickpipe.record(listener as never, options as never)).toThrow(said);
});
