import { createCache, createStorage } from "async-cache-dedupe";
import { caching, multiCaching, type Store } from "cache-manager";
import { redisInsStore } from "cache-manager-ioredis-yet";
import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { bothClients } from "./both-clients.ts";

interface Heard {
  readonly event: "dedupe" | "hit" | "miss" | "error";
  readonly key: string;
}

/** A cache of async-cache-dedupe, and what its events told. */
function dedupingCache(redis: Redis, ttl: number) {
  const heard: Heard[] = [];
  const hear = (event: Heard["event"]) => (key: unknown) => heard.push({ event, key: String(key) });
  const cache = createCache({
    ttl,
    storage: { type: "redis", options: { client: redis, invalidation: { referencesTTL: 60 } } },
    onDedupe: hear("dedupe"),
    onHit: hear("hit"),
    onMiss: hear("miss"),
    onError: hear("error"),
  });
  return { cache, told: () => heard.splice(0).map(({ event, key }) => `${event} ${key}`) };
}

describe.each(bothClients())("async-cache-dedupe on $name", ({ sameOutcome }) => {
  it("fetches once for those who ask at once, and not at all while it remembers", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const { cache, told } = dedupingCache(redis, 60);
      let fetched = 0;
      const users = cache.define("user", async (id: number) => ({ id, fetched: ++fetched }));
      const atOnce = await Promise.all(range(3).map(() => users.user(7)));
      const first = told();
      return { atOnce, first, later: await users.user(7), second: told(), other: await users.user(8) };
    });
    const user = { id: 7, fetched: 1 };
    expect(outcome).toEqual({
      atOnce: [user, user, user],
      first: ["dedupe 7", "dedupe 7", "miss 7"],
      later: user,
      second: ["hit 7"],
      other: { id: 8, fetched: 2 },
    });
  });

  it("forgets by reference, by pattern, by key, and after its time", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const { cache, told } = dedupingCache(redis, 60);
      const references = (id: number): string[] => [`user:${id}`, `team:${id % 2}`];
      const users = cache.define("user", { references }, async (id: number) => ({ id }));
      const ask = async (): Promise<string[]> => {
        // One after the other: two that miss at once clear each other's references in no fixed order.
        for (const id of [1, 2, 3]) await users.user(id);
        return told();
      };
      const answers = [await ask(), await ask()];
      await cache.invalidateAll("team:1");
      answers.push(await ask());
      await cache.invalidateAll("user:*");
      answers.push(await ask());
      await cache.clear("user", 2);
      answers.push(await ask());
      const short = dedupingCache(redis, 1);
      const names = short.cache.define("name", async (id: number) => `name ${id}`);
      await names.name(1);
      await aside.untilExpired("name~1");
      await names.name(1);
      return { answers, short: short.told() };
    });
    const missed = ["miss 1", "miss 2", "miss 3"];
    expect(outcome).toEqual({
      answers: [
        missed,
        ["hit 1", "hit 2", "hit 3"],
        ["miss 1", "hit 2", "miss 3"],
        missed,
        ["hit 1", "miss 2", "hit 3"],
      ],
      short: ["miss 1", "miss 1"],
    });
  });

  it("collects references whose keys are gone", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const storage = createStorage("redis", { client: redis, invalidation: true }) as ReturnType<
        typeof createStorage
      > & {
        // Left out of its types.
        gc(mode: "strict"): Promise<{ keys: { removed: string[] }; references: { removed: string[] }; error: unknown }>;
      };
      for (const i of range(5)) await storage.set(`key ${i}`, { i }, 60, [`ref ${i}`, "all"]);
      await aside.redis.del("key 1", "key 3");
      const { keys, references, error } = await storage.gc("strict");
      return {
        keys: keys.removed.sort(),
        references: references.removed.sort(),
        error,
        left: await storage.get("key 2"),
      };
    });
    expect(outcome).toEqual({
      keys: ["key 1", "key 3"],
      references: ["r:ref 1", "r:ref 3"],
      error: null,
      left: { i: 2 },
    });
  });
});

// The store's types are those of the ioredis 5 that it brings and of whichever cache-manager is newest. At run time it
// calls the client that it is given, and is what cache-manager 5 asks for.
const storeOn = (redis: Redis, ttl?: number): Store =>
  redisInsStore(redis as never, ttl === undefined ? {} : { ttl }) as unknown as Store;

describe.each(bothClients())("cache-manager with cache-manager-ioredis-yet on $name", ({ sameOutcome }) => {
  it("sets, gets, lists and deletes, one by one and many at once", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const cache = await caching(storeOn(redis));
      await cache.set("a", { n: 1, at: new Date(0) });
      await cache.store.mset([
        ["b", [2]],
        ["c", "three"],
      ]);
      const all = await Promise.all([cache.get("a"), cache.get("b"), cache.get("missing")]);
      const keys = (await cache.store.keys()).sort();
      await cache.del("a");
      await cache.store.mdel("b");
      const many = await cache.store.mget("a", "b", "c");
      await cache.reset();
      return { all, keys, many, left: await cache.store.keys() };
    });
    expect(outcome).toEqual({
      all: [{ n: 1, at: new Date(0) }, [2], undefined],
      keys: ["a", "b", "c"],
      many: [undefined, undefined, "three"],
      left: [],
    });
  });

  it("wraps a function, and asks it again when its answer has expired", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const cache = await caching(storeOn(redis, 60_000));
      let asked = 0;
      const answer = () => cache.wrap("k", async () => ++asked);
      const atOnce = await Promise.all(range(10).map(answer));
      const ttl = await cache.store.ttl("k");
      await aside.redis.pexpire("k", 1);
      await aside.untilExpired("k");
      return { atOnce, expires: ttl > 0 && ttl <= 60_000, later: await answer() };
    });
    expect(outcome).toEqual({ atOnce: range(10).map(() => 1), expires: true, later: 2 });
  });

  it("stores many with a time to live in a transaction, and refuses what is not cacheable", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const cache = await caching(storeOn(redis));
      const entries = range(20).map((i): [string, unknown] => [`k${i}`, i]);
      await cache.store.mset(entries, 60_000);
      const refused = await cache.set("none", undefined).catch((error: Error) => error.message);
      return {
        read: await cache.store.mget(...entries.map(([key]) => key)),
        ttl: await aside.redis.ttl("k19"),
        refused,
      };
    });
    expect(outcome).toEqual({ read: range(20), ttl: 60, refused: '"undefined" is not a cacheable value' });
  });

  it("stands behind a cache in memory", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const memory = await caching("memory");
      const cache = multiCaching([memory, await caching(storeOn(redis))]);
      await cache.set("k", "v");
      await aside.redis.del("k");
      const near = await cache.get("k");
      await cache.del("k");
      return [near, await cache.get("k")];
    });
    expect(outcome).toEqual(["v", undefined]);
  });

  it("hands on an error of Redis", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const cache = await caching(storeOn(redis));
      await aside.redis.lpush("k", "a list");
      return cache.get("k").catch((error: Error) => `${error.name}: ${error.message}`);
    });
    expect(outcome).toMatch(/^ReplyError: WRONGTYPE /);
  });
});
