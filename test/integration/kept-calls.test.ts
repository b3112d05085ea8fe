/*
 * The contract of every stage that can keep a call: it is sent as it was when it was made, whatever its caller does to the arguments afterwards.
 * The plain client encodes at once, and is the measure.
 */
import { type Tickpiped, type TickpipeOptions, tickpipe } from "@tickpipe/core";
import { eventually } from "@tickpipe/test-support";
import { Command, type Redis, type RedisOptions } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { codes } from "../limits.ts";
import { clientVariants } from "../variants.ts";

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

/** Makes the arguments anew for each side, calls, and spoils what it gave. */
type Form = (redis: Redis) => Promise<unknown>;

function spoil(value: unknown): void {
  if (value instanceof Uint8Array) value.fill(0x7a);
  else if (value instanceof Map) {
    for (const element of value.values()) spoil(element);
    value.clear();
    value.set("spoilt", "value");
  } else if (Array.isArray(value)) {
    for (const element of value) spoil(element);
    value.length = 0;
    value.push("spoilt", "value", "value");
  } else if (typeof value === "object" && value !== null) {
    for (const key of Object.keys(value)) Reflect.set(value, key, "spoilt");
    Reflect.set(value, "more", "spoilt");
  }
}

const calling =
  (method: string, make: () => unknown[]): Form =>
  (redis) => {
    const args = make();
    const called = (Reflect.get(redis, method) as (...all: unknown[]) => Promise<unknown>).apply(redis, args);
    for (const argument of args) spoil(argument);
    return called;
  };

/** What ioredis makes a text of. */
class Text {
  name = "it";

  toString(): string {
    return `text of ${this.name}`;
  }
}

const FORMS: Readonly<Record<string, Form>> = {
  "an array": calling("sadd", () => ["set", ["a", "c"]]),
  "a list of all arguments": calling("sadd", () => [["set", "a", "c"]]),
  "nested arrays": calling("rpush", () => ["list", ["a", ["b", "c"]], "d"]),
  "a Buffer": calling("set", () => ["text", Buffer.from([0xff, 0, 1])]),
  "a key that is a Buffer": calling("set", () => [Buffer.from("text"), "value"]),
  "Buffers in an array": calling("rpush", () => ["list", [Buffer.from("a"), Buffer.from("b")]]),
  "an array of bytes that is no Buffer": calling("set", () => ["text", new Uint8Array([1, 2])]),
  "an object for HSET": calling("hset", () => ["hash", { field: "value", bytes: Buffer.from([0xfe]), n: 1 }]),
  "a Map for HSET": calling("hset", () => [
    "hash",
    new Map<unknown, unknown>([
      ["field", Buffer.from("v")],
      [1, 2],
    ]),
  ]),
  "an object for HMSET": calling("hmset", () => ["hash", { field: "value" }]),
  "an object for MSET": calling("mset", () => [{ a: "1", b: Buffer.from([0xfe]) }]),
  "a Map for MSETNX": calling("msetnx", () => [
    new Map([
      ["a", "1"],
      ["b", "2"],
    ]),
  ]),
  "an object with a text": calling("set", () => ["text", new Text()]),
  numbers: calling("zadd", () => ["zset", [1, "a", 2.5, "b", 1e21, "c"]]),
  "streams' arrays": calling("xadd", () => ["stream", "1-1", ["field", Buffer.from("value"), "n", 1]]),
  "call()": calling("call", () => ["sadd", ["set", "a"], Buffer.from("b")]),
  "a callback": (redis) =>
    new Promise((resolve, reject) => {
      const members = ["a", "b"];
      redis.sadd("set", members, (error, reply) => (error ? reject(error) : resolve(reply)));
      spoil(members);
    }),
  "a script": (redis) => {
    redis.defineCommand("keepIt", { numberOfKeys: 1, lua: "return redis.call('rpush', KEYS[1], unpack(ARGV))" });
    const elements = ["a", Buffer.from("b")];
    const called = (redis as unknown as { keepIt(key: string, all: unknown[]): Promise<unknown> }).keepIt(
      "list",
      elements,
    );
    spoil(elements);
    return called;
  },
  "a pipeline's Buffers": (redis) => {
    const value = Buffer.from("value");
    const called = redis.pipeline().set("text", value).append("text", value).exec();
    spoil(value);
    return called;
  },
  "a transaction's Buffers": (redis) => {
    const value = Buffer.from("value");
    const called = redis.multi().set("text", value).exec();
    spoil(value);
    return called;
  },
};

/** Everything that the server holds. */
async function data(): Promise<unknown> {
  const keys = (await other.keys("*")).sort();
  return Promise.all(keys.map(async (key) => [key, await other.dumpBuffer(key)]));
}

/** Has a stage keep what is called in `form`, which is the only one that the server must see changed. */
const STAGES: Readonly<Record<string, (raw: Redis, form: Form) => Promise<unknown>>> = {
  maxPerTick: async (raw, form) => {
    const { redis } = tickpipe(raw).tickpipe.scope({ maxPerTick: 1 });
    const [, outcome] = await Promise.all([redis.ping(), form(redis)]);
    return outcome;
  },
  'whenFull: "wait"': async (raw, form) => {
    const redis = tickpipe(raw, { maxPending: 3, whenFull: "wait" });
    await redis.ping();
    const [outcome] = await Promise.all([...range(3).map((i) => redis.echo(`${i}`)), form(redis)].reverse());
    return outcome;
  },
  'maxPendingBytes, "wait"': async (raw, form) => {
    const redis = tickpipe(raw, { maxPendingBytes: 200, whenFull: "wait" });
    await redis.ping();
    const [, outcome] = await Promise.all([redis.echo("x".repeat(199)), form(redis)]);
    return outcome;
  },
  "maxPerTick, then a cap": async (raw, form) => {
    const redis = tickpipe(raw, { maxPending: 3, whenFull: "wait" });
    await redis.ping();
    const scope = redis.tickpipe.scope({ maxPerTick: 1 });
    const [, outcome] = await Promise.all([
      scope.redis.ping(),
      form(scope.redis),
      ...range(3).map((i) => redis.echo(`${i}`)),
    ]);
    return outcome;
  },
  "a change of the connection's state": async (raw, form) => {
    const redis = tickpipe(raw, { maxPending: 3, whenFull: "wait" });
    await redis.ping();
    const kept = [...range(4).map((i) => redis.echo(`${i}`)), redis.client("SETNAME", "name")];
    const outcome = await form(redis);
    await Promise.all(kept);
    return outcome;
  },
};

describe.each(clientVariants)("arguments that are changed right after the call, $name", ({ make }) => {
  it.each(Object.keys(STAGES))("are sent by %s as they were, in every form", async (stage) => {
    for (const [name, form] of Object.entries(FORMS)) {
      const sides = [make({ port: server.port }), make({ port: server.port })] as const;
      opened.push(...sides);
      await Promise.all(sides.map((side) => side.ping()));
      const natively = await form(sides[0]);
      const before = await data();
      await other.flushall();
      const kept = await STAGES[stage]?.(sides[1], form);
      expect([name, kept, await data()]).toEqual([name, natively, before]);
      await other.flushall();
      for (const side of sides) side.disconnect();
    }
  });
});

describe("a pipeline that is kept", () => {
  it("leaves out what is added to it after its exec()", async () => {
    const { redis } = tickpipe(server.client()).tickpipe.scope({ maxPerTick: 1 });
    redis.ping();
    const pipeline = redis.pipeline().incr("a");
    const executed = pipeline.exec();
    pipeline.incr("b");
    await executed;
    expect(await other.mget("a", "b")).toEqual(["1", null]);
  });
});

const view = async (options: TickpipeOptions, redisOptions: RedisOptions = {}): Promise<Tickpiped<Redis>> => {
  const redis = tickpipe(server.client(redisOptions), options);
  redis.on("error", () => {});
  await redis.ping();
  return redis;
};

describe("a call that changes the state of the connection", () => {
  const KEEPING: [string, () => Promise<Redis>][] = [
    ["maxPerTick", async () => (await view({})).tickpipe.scope({ maxPerTick: 1 }).redis],
    ["maxPending", () => view({ maxPending: 1, whenFull: "wait" })],
  ];

  it.each(KEEPING)("goes behind all that %s keeps, and what is called after it goes behind it", async (_by, make) => {
    const redis = await make();
    const calls = [
      ...range(3).map((i) => redis.rpush("list", i)),
      redis.select(1),
      redis.rpush("list", "in 1"),
      redis.pipeline().rpush("list", "in 1 too").exec(),
      redis.call("SELECT", "2"),
      redis.rpush("list", "in 2"),
    ];
    await Promise.all(calls);
    const found = async (db: number): Promise<string[]> => {
      const client = server.client({ db });
      return client.lrange("list", 0, -1);
    };
    expect(await Promise.all([0, 1, 2].map(found))).toEqual([["0", "1", "2"], ["in 1", "in 1 too"], ["in 2"]]);
  });

  it("goes behind what a scope keeps, whoever calls it", async () => {
    const redis = await view({});
    const { redis: scoped } = redis.tickpipe.scope({ maxPerTick: 1 });
    const kept = range(3).map((i) => scoped.rpush("list", i));
    await Promise.all([...kept, redis.select(3), redis.set("text", "in 3"), scoped.set("other", "in 3")]);
    expect(await other.lrange("list", 0, -1)).toEqual(["0", "1", "2"]);
    expect(await server.client({ db: 3 }).mget("text", "other")).toEqual(["in 3", "in 3"]);
  });

  it("holds a transaction of single calls together", async () => {
    const redis = await view({ maxPending: 1, whenFull: "wait" });
    const replies = await Promise.all([
      redis.incr("a"),
      redis.multi({ pipeline: false }),
      redis.incr("a"),
      redis.incr("a"),
      redis.exec(),
      redis.incr("a"),
    ]);
    expect(replies).toEqual([
      1,
      "OK",
      "QUEUED",
      "QUEUED",
      [
        [null, 2],
        [null, 3],
      ],
      4,
    ]);
  });

  it.each(KEEPING)("QUIT comes behind all that %s keeps, and nothing after it is sent", async (_by, make) => {
    const redis = await make();
    const calls = [...range(3).map((i) => redis.set(`q${i}`, i)), redis.quit(), redis.set("late", 1)];
    expect(codes(await Promise.allSettled(calls))).toEqual(["OK", "OK", "OK", "OK", "Connection is closed."]);
    expect(await other.mget("q0", "q1", "q2", "late")).toEqual(["0", "1", "2", null]);
  });

  it("goes behind what is kept, and is gone behind, through sendCommand and transaction() as well", async () => {
    const redis = await view({ maxPending: 1, whenFull: "wait" });
    await Promise.all([
      redis.rpush("list", "in 0"),
      redis.rpush("list", "in 0 too"),
      redis.sendCommand(new Command("select", ["4"])),
      redis.sendCommand(new Command("rpush", ["list", "in 4"])),
      redis.tickpipe.transaction(["list"], (tx) => tx.multi().rpush("list", "in 4 too")),
    ]);
    expect(await other.lrange("list", 0, -1)).toEqual(["in 0", "in 0 too"]);
    expect(await server.client({ db: 4 }).lrange("list", 0, -1)).toEqual(["in 4", "in 4 too"]);
  });

  it("does not wait for isolated blocking calls", async () => {
    const redis = await view({ blocking: "isolate", maxPending: 1, whenFull: "wait" });
    const calls = [redis.echo("a"), redis.echo("b"), redis.blpop("never", 0), redis.echo("c"), redis.quit()];
    const closed = "Connection is closed.";
    expect(codes(await Promise.allSettled(calls))).toEqual(["a", "b", closed, "c", "OK"]);
  });
});

describe("many calls that are kept", () => {
  it("are never sent once their scope is aborted", async () => {
    const redis = await view({ maxPending: 2, whenFull: "wait" });
    const scope = redis.tickpipe.scope({ abortable: true });
    const calls = range(10).map(() => scope.redis.incr("n"));
    scope.abort();
    const aborted = "ERR_TICKPIPE_ABORTED";
    expect(codes(await Promise.allSettled(calls))).toEqual(calls.map(() => aborted));
    expect(await redis.get("n")).toBe("2");
    expect(redis.tickpipe.stats()).toMatchObject({ waiting: 0, pending: 0 });
  });

  it("leave room for what the functions of as many transactions read with the shared client", async () => {
    const redis = await view({ maxPending: 20, whenFull: "wait" });
    const transactions = range(20).map((i) =>
      redis.tickpipe.transaction([`k${i}`], async (tx) => {
        await redis.get("another");
        return tx.multi().incr(`k${i}`);
      }),
    );
    expect(await Promise.all(transactions)).toEqual(range(20).map(() => [[null, 1]]));
  });

  it("wait for one command, 20,000 of them, without overflowing the stack", async () => {
    const redis = await view({ blocking: "isolate" });
    for (const _ of range(20)) await other.rpush("list", ...range(1_000));
    redis.echo("one command");
    const popped = await Promise.all(range(20_000).map(() => redis.blpop("list", 0)));
    expect(popped).toHaveLength(20_000);
  }, 120_000);
});

describe("commandTimeout", () => {
  it.each([
    ["a turn", async (redis: Tickpiped<Redis>) => redis.tickpipe.scope({ maxPerTick: 1 }).redis],
    ["room", async (redis: Tickpiped<Redis>) => redis],
  ])("counts from the call, for one that waits for %s", async (_for, make) => {
    const redis = await view({ maxPending: 2, whenFull: "wait" }, { commandTimeout: 400 });
    const caller = await make(redis);
    await other.client("PAUSE", 60_000, "WRITE");
    try {
      const start = performance.now();
      const settled = Promise.allSettled(range(4).map(() => caller.incr("n")));
      expect(codes(await settled)).toEqual(range(4).map(() => "Command timed out"));
      expect(performance.now() - start).toBeLessThan(790);
    } finally {
      await other.client("UNPAUSE");
    }
  });

  it("counts from the call, for one that is in flight after it has waited for room", async () => {
    const redis = await view({ maxPending: 1, whenFull: "wait" }, { commandTimeout: 2000 });
    const slower = server.client({ commandTimeout: 2600 });
    await slower.ping();
    const order: string[] = [];
    // WAIT for a replica that there is not: answered after so many milliseconds, and with 0 never.
    const first = redis.wait(1, 1000).then(() => order.push("first"));
    const calls = { second: redis.wait(1, 0), "600 ms later": slower.wait(1, 0) };
    const told = Object.entries(calls).map(([name, call]) => call.catch((e) => order.push(`${name}: ${e.message}`)));
    await first;
    await eventually("the second is in flight", () => redis.tickpipe.stats().waiting === 0);
    expect(redis.tickpipe.stats().pending).toBe(1);
    await Promise.all(told);
    expect(order).toEqual(["first", "second: Command timed out", "600 ms later: Command timed out"]);
  });
});

describe("a script in the place of a built-in read", () => {
  it.each(["before", "after"])(
    "defined %s the client was wrapped, is run at each call and written for",
    async (when) => {
      const raw = server.client();
      const define = (): void =>
        raw.defineCommand("llen", { numberOfKeys: 1, lua: "return redis.call('incr', KEYS[1])" });
      if (when === "before") define();
      const redis = tickpipe(raw);
      await redis.ping();
      if (when === "after") {
        await redis.llen("list");
        define();
      }
      const { redis: scoped } = redis.tickpipe.scope({ memo: true });
      const replies = [
        redis.llen("n"),
        redis.llen("n"),
        scoped.llen("n"),
        redis.get("n"),
        redis.llen("n"),
        redis.get("n"),
      ];
      expect(await Promise.all(replies)).toEqual([1, 2, 3, "3", 4, "4"]);
      expect(await scoped.llen("n")).toBe(5);
    },
  );
});

describe("keys that are one on the wire", () => {
  it.each<[string, unknown, unknown]>([
    ["half of a surrogate pair and U+FFFD", "\ud800", "\ufffd"],
    ["a large number and its digits", 1e21, "1000000000000000000000"],
    ["a large number and its text", 1e21, "1e+21"],
    ["a Buffer and its text", Buffer.from("ü"), "ü"],
    ["a list and its text", [["a", "b"]], "a,b"],
  ])("are one to what is shared and kept: %s", async (_what, one, another) => {
    const redis = await view({});
    const { redis: scoped } = redis.tickpipe.scope({ memo: true });
    for (const side of [redis, scoped]) {
      const natively = await other.set(one as string, "old").then(() => other.get(another as string));
      const read = (key: unknown) => side.get(key as string);
      const calls = [read(one), read(another), side.set(another as string, "new"), read(one), read(another)];
      const isOne = natively === "old";
      const before = isOne ? "old" : null;
      expect(await Promise.all(calls)).toEqual(["old", before, "OK", isOne ? "new" : "old", "new"]);
      expect(await read(one)).toBe(isOne ? "new" : "old");
      await other.flushall();
    }
  });
});
