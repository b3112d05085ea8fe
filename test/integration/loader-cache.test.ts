import { describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { heldLoad, makeLoader, nextIteration, type User, userOf } from "../loaders.ts";

const server = useServer();

describe("what a loader keeps in Redis", () => {
  it.each([
    [0.1, 54_000],
    [0.5, 30_000],
    [0, 60_000],
  ])("expires after its ttl, shortened at random, with jitter %d, to %i ms at least", async (jitter, shortest) => {
    const { redis, users, keyOf } = await makeLoader(server, { jitter });
    const start = performance.now();
    await users.loadMany(range(200));
    const left = await Promise.all(range(200).map((id) => redis.pttl(keyOf(id))));
    const elapsed = performance.now() - start + 2;
    for (const ms of left) {
      expect(ms).toBeLessThanOrEqual(60_000);
      expect(ms).toBeGreaterThanOrEqual(shortest - elapsed);
    }
    // 200 values in steps of 1 ms over 6 s or more: that they all fall within a tenth of it cannot happen by chance.
    const spread = Math.max(...left) - Math.min(...left);
    if (jitter > 0) expect(spread).toBeGreaterThan((60_000 - shortest) / 10);
    else expect(spread).toBeLessThanOrEqual(elapsed);
  });

  it("is loaded again once it has expired", async () => {
    const { redis, users, asked, keyOf } = await makeLoader(server);
    await users.load(1);
    await redis.pexpire(keyOf(1), 0);
    await users.load(1);
    expect(asked).toEqual([[1], [1]]);
  });

  it("says that something does not exist, for its own time, if negativeTtl is given", async () => {
    const { redis, users, asked, keyOf } = await makeLoader(server, {
      load: async (ids) => ids.map(() => null),
      ...{ negativeTtl: 5, jitter: 0 },
    });
    expect([await users.load(1), await users.load(1)]).toEqual([null, null]);
    expect(asked).toEqual([[1]]);
    expect(await redis.pttl(keyOf(1))).toBeLessThanOrEqual(5_000);
    expect(users.stats()).toMatchObject({ hits: 0, negativeHits: 1, misses: 1 });
  });

  it("says nothing of what does not exist otherwise", async () => {
    const { redis, users, asked, keyOf } = await makeLoader(server, { load: async (ids) => ids.map(() => null) });
    expect([await users.load(1), await users.load(1)]).toEqual([null, null]);
    expect(asked).toEqual([[1], [1]]);
    expect(await redis.exists(keyOf(1))).toBe(0);
  });

  it("tells undefined from null", async () => {
    const { redis } = await makeLoader(server);
    const things = redis.tickpipe.loader({
      key: (id: string) => `thing:${id}`,
      load: async (ids) => ids.map((id) => (id === "null" ? null : undefined)),
      ...{ ttl: 60, negativeTtl: 60 },
    });
    for (const _ of range(2)) expect(await things.loadMany(["null", "undefined"])).toEqual([null, undefined]);
    expect(things.stats()).toMatchObject({ negativeHits: 2, loads: 1 });
  });

  it("is text of the codec, and what was just loaded passes through it as well", async () => {
    const codec = {
      encode: (user: User | null) => `${user?.id};${user?.tags.join()}`,
      decode: (text: string) => ({ id: Number.parseInt(text, 10), tags: ["decoded"] }),
    };
    const { redis, users, keyOf } = await makeLoader(server, { codec });
    expect(await users.load(1)).toEqual({ id: 1, tags: ["decoded"] });
    expect(await redis.get(keyOf(1))).toBe("1;new");
  });

  it("is loaded and written anew if the codec cannot decode it", async () => {
    const { redis, users, asked, keyOf } = await makeLoader(server);
    await redis.set(keyOf(1), "{ not JSON");
    await redis.hset(keyOf(2), "not", "a string");
    expect(await users.loadMany([1, 2])).toEqual([userOf(1), userOf(2)]);
    expect(asked).toEqual([[1, 2]]);
    expect(users.stats()).toMatchObject({ decodeErrors: 1, redisErrors: 1, misses: 2 });
    expect(await redis.mget(keyOf(1), keyOf(2))).toEqual([userOf(1), userOf(2)].map((user) => JSON.stringify(user)));
  });
});

describe("clear", () => {
  it("takes a value out of its scope and of Redis", async () => {
    const { redis, users, asked, keyOf } = await makeLoader(server);
    const loader = users.for(redis.tickpipe.scope().redis);
    await loader.loadMany([1, 2]);
    expect(await loader.clear(1)).toBe(true);
    // A mark, which keeps loads that began before from writing.
    expect(await redis.get(keyOf(1))).toMatch(/^\0mark:/);
    expect(await redis.pttl(keyOf(1))).toBeLessThanOrEqual(10_000);
    expect(JSON.parse((await redis.get(keyOf(2))) ?? "")).toEqual(userOf(2));
    await loader.loadMany([1, 2]);
    expect(asked).toEqual([[1, 2], [1]]);
    expect(JSON.parse((await redis.get(keyOf(1))) ?? "")).toEqual(userOf(1));
    expect(users.stats()).toMatchObject({ hits: 0, misses: 3, decodeErrors: 0 });
  });

  it("keeps a load that is running from being joined and written back", async () => {
    const { calls, load } = heldLoad();
    const { redis, users, keyOf } = await makeLoader(server, { load });
    const before = users.load(1);
    while (calls.length < 1) await nextIteration();
    await users.clear(1);
    const after = users.load(1);
    while (calls.length < 2) await nextIteration();
    calls[1]?.answer([{ id: 1, tags: ["fresh"] }]);
    expect(await after).toEqual({ id: 1, tags: ["fresh"] });
    calls[0]?.answer([{ id: 1, tags: ["stale"] }]);
    expect(await before).toEqual({ id: 1, tags: ["stale"] });
    expect(JSON.parse((await redis.get(keyOf(1))) ?? "")).toEqual({ id: 1, tags: ["fresh"] });
  });

  it("of all, outside of scopes, keeps what is running from being joined and written back", async () => {
    const { calls, load } = heldLoad();
    const { redis, users, keyOf } = await makeLoader(server, { load });
    const before = users.load(1);
    while (calls.length < 1) await nextIteration();
    users.clearAll();
    const after = users.load(1);
    while (calls.length < 2) await nextIteration();
    calls[0]?.answer([userOf(1)]);
    expect(await before).toEqual(userOf(1));
    expect(await redis.exists(keyOf(1)), "not written back").toBe(0);
    calls[1]?.answer([{ id: 1, tags: ["fresh"] }]);
    expect(await after).toEqual({ id: 1, tags: ["fresh"] });
  });

  it("takes a value out of Redis also when its scope is closed, as where a request has answered before", async () => {
    const { redis, users, asked } = await makeLoader(server);
    const scope = redis.tickpipe.scope();
    const loader = users.for(scope.redis);
    await loader.load(1);
    scope.close();
    expect(await loader.clear(1)).toBe(true);
    await users.load(1);
    expect(asked).toEqual([[1], [1]]);
    expect(users.stats().redisErrors).toBe(0);
  });

  it("of all takes everything out of its scope, and leaves Redis alone", async () => {
    const { redis, users, asked } = await makeLoader(server);
    const loader = users.for(redis.tickpipe.scope().redis);
    const first = await loader.load(1);
    loader.clearAll();
    const second = await loader.load(1);
    expect(second).toEqual(first);
    expect(second).not.toBe(first);
    expect(asked).toEqual([[1]]);
  });
});

describe("prime", () => {
  it("gives a value to the scope and to Redis, where there is none yet", async () => {
    const { redis, users, asked, keyOf } = await makeLoader(server);
    const loader = users.for(redis.tickpipe.scope().redis);
    const primed = { id: 1, tags: ["primed"] };
    expect(await loader.prime(1, primed)).toBe(true);
    await loader.prime(1, userOf(1));
    primed.tags.push("changed");
    expect([await loader.load(1), await users.load(1)]).toEqual(range(2).map(() => ({ id: 1, tags: ["primed"] })));
    expect(asked).toEqual([]);
    expect(await redis.pttl(keyOf(1))).toBeGreaterThan(0);
  });

  it("replaces a value after clear, without waiting for it", async () => {
    const { redis, users, asked } = await makeLoader(server);
    const loader = users.for(redis.tickpipe.scope().redis);
    await loader.load(1);
    loader.clear(1);
    loader.prime(1, { id: 1, tags: ["newer"] });
    expect(await loader.load(1)).toEqual({ id: 1, tags: ["newer"] });
    expect(await users.load(1)).toEqual({ id: 1, tags: ["newer"] });
    expect(asked).toEqual([[1]]);
  });

  it("gives an error to the scope alone", async () => {
    const { redis, users } = await makeLoader(server);
    const loader = users.for(redis.tickpipe.scope().redis);
    await loader.prime(1, new Error("not now"));
    await expect(loader.load(1)).rejects.toThrow("not now");
    expect(await users.load(1)).toEqual(userOf(1));
  });
});
