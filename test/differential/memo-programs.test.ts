import { setImmediate as turn } from "node:timers/promises";
import { type Scope, type Tickpiped, tickpipe } from "@tickpipe/core";
import { array, assert, asyncProperty, constant, constantFrom, integer, oneof, record } from "fast-check";
import type { Redis } from "ioredis";
import { beforeAll, describe, expect, it } from "vitest";
import { useServer } from "../engine.ts";
import { firstSeed } from "./random-programs/first-seed.ts";

/*
 * Random programs of scopes with a memo and of an outsider. Every write makes its key one larger and is answered with the new
 * size, so that a read tells which of the writes it has seen.
 */

const SCOPES = 3;
const KEYS = ["a", "b"] as const;

type Call = (redis: Redis, key: string) => Promise<unknown>;

/** How a key of each type is read, each to be made a size, and written. */
const TYPES: Readonly<Record<string, { readonly reads: readonly Call[]; readonly writes: readonly Call[] }>> = {
  string: {
    reads: [
      async (redis, key) => (await redis.get(key)) ?? 0,
      async (redis, key) => (await redis.getBuffer(key))?.toString() ?? 0,
      async (redis, key) => (await redis.mget("never written", key))[1] ?? 0,
      async (redis, key) => (await redis.getrange(key, 0, -1)) || 0,
    ],
    writes: [
      (redis, key) => redis.incr(key),
      (redis, key) => redis.call("INCR", key),
      (redis, key) => redis.eval("return redis.call('incr', KEYS[1])", 1, key),
      (redis, key) => new Promise((resolve) => redis.incr(key, (_error, size) => resolve(size))),
    ],
  },
  hash: {
    reads: [
      async (redis, key) => (await redis.hgetall(key)).field ?? 0,
      async (redis, key) => (await redis.hget(key, "field")) ?? 0,
      async (redis, key) => (await redis.hvals(key))[0] ?? 0,
    ],
    writes: [
      (redis, key) => redis.hincrby(key, "field", 1),
      async (redis, key) => (await redis.pipeline().hincrby(key, "field", 1).exec())?.[0]?.[1],
    ],
  },
  list: {
    reads: [(redis, key) => redis.llen(key), async (redis, key) => (await redis.lrangeBuffer(key, 0, -1)).length],
    writes: [
      (redis, key) => redis.rpush(key, "element"),
      (redis, key) => redis.lpush(Buffer.from(key), "element"),
      async (redis, key) => (await redis.multi().rpush(key, "element").exec())?.[0]?.[1],
    ],
  },
};

const on = { type: constantFrom(...Object.keys(TYPES)), key: constantFrom(...KEYS), way: integer({ min: 0, max: 11 }) };
const scope = integer({ min: 0, max: SCOPES - 1 });
const step = oneof(
  { weight: 12, arbitrary: record({ does: constant("read"), scope, ...on }) },
  { weight: 3, arbitrary: record({ does: constant("write"), scope, ...on }) },
  { weight: 3, arbitrary: record({ does: constant("outsider writes"), ...on }) },
  { weight: 4, arbitrary: record({ does: constant("turn") }) },
  { weight: 4, arbitrary: record({ does: constant("settle") }) },
  { weight: 1, arbitrary: record({ does: constant("open anew"), scope }) },
);

/** A scope with what its reads must have seen. */
interface Reader {
  readonly scope: Scope<Redis>;
  /** The size of each key that was known when the scope was opened. */
  readonly sizesAtOpening: ReadonlyMap<string, number>;
  /** The scope's own writes so far, by key. */
  readonly writes: Map<string, Promise<number>[]>;
}

const server = useServer();
let plain: Redis;
let redis: Tickpiped<Redis>;

beforeAll(() => {
  plain = server.client();
  redis = tickpipe(server.client());
});

type Step = typeof step extends { generate(...args: never[]): { value: infer S } } ? S : never;

/** @returns how many reads the memos answered */
async function play(program: readonly Step[]): Promise<number> {
  await plain.flushall();
  const known = new Map<string, number>();
  const called = new Map<string, number>();
  const pending: Promise<unknown>[] = [];
  const all: Reader[] = [];
  const open = (): Reader => {
    const reader = { scope: redis.tickpipe.scope({ memo: true }), sizesAtOpening: new Map(known), writes: new Map() };
    all.push(reader);
    return reader;
  };
  const readers = Array.from({ length: SCOPES }, open);
  const write = async (on: Redis, id: string, call: Call): Promise<number> => {
    called.set(id, (called.get(id) ?? 0) + 1);
    const size = Number(await call(on, id));
    known.set(id, Math.max(known.get(id) ?? 0, size));
    return size;
  };
  const read = async ({ scope, sizesAtOpening, writes }: Reader, id: string, call: Call): Promise<void> => {
    const ownBefore = [...(writes.get(id) ?? [])];
    const size = Number(await call(scope.redis, id));
    const calledUntilNow = called.get(id) ?? 0;
    const least = Math.max(sizesAtOpening.get(id) ?? 0, ...(await Promise.all(ownBefore)));
    expect(size, "as new as the scope, and as its own last write").toBeGreaterThanOrEqual(least);
    expect(size, "something that has been written").toBeLessThanOrEqual(calledUntilNow);
  };
  const settle = async (): Promise<void> => {
    for (const outcome of await Promise.allSettled(pending.splice(0)))
      if (outcome.status === "rejected") throw outcome.reason;
  };
  for (const step of program) {
    if (step.does === "turn") await turn();
    else if (step.does === "settle") await settle();
    else if (step.does === "open anew") readers[step.scope] = open();
    else {
      const { reads, writes } = TYPES[step.type] ?? { reads: [], writes: [] };
      const id = `${step.type}:${step.key}`;
      const way = (calls: readonly Call[]): Call => calls[step.way % calls.length] as Call;
      if (step.does === "outsider writes") pending.push(write(plain, id, way(writes)));
      else {
        const reader = readers[step.scope] as Reader;
        if (step.does === "read") pending.push(read(reader, id, way(reads)));
        else {
          const written = write(reader.scope.redis, id, way(writes));
          reader.writes.set(id, [...(reader.writes.get(id) ?? []), written]);
          pending.push(written);
        }
      }
    }
  }
  await settle();
  for (const { scope } of all) scope.close();
  return all.reduce((sum, { scope }) => sum + scope.stats().memoHits, 0);
}

describe("random programs of scopes with a memo", () => {
  it("get only what a key held since their scope began, and since its own last write to it", async () => {
    let hits = 0;
    const programs = array(step, { minLength: 100, maxLength: 200 });
    await assert(
      asyncProperty(programs, async (program) => {
        hits += await play(program);
      }),
      { numRuns: 300, seed: firstSeed() },
    );
    expect(hits).toBeGreaterThan(1_500);
  });
});
