import { type LoaderOptions, type Tickpiped, tickpipe } from "@tickpipe/core";
import { eventually } from "@tickpipe/test-support";
import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { heldLoad, makeLoader, nextIteration, type User, type UserLoader, userOf } from "../loaders.ts";
import { clientVariants } from "../variants.ts";

const server = useServer();

type Options = Partial<LoaderOptions<number, User | null>>;
type Keyed = Options & { readonly key: (id: number) => string };

const NEW: User = { id: 1, tags: ["newer"] };
const isMark = (text: string | null): boolean => text?.startsWith("\0mark:") ?? false;
let made = 0;

/** Loaders of the same users in as many processes as are given options; each has a client of its own. */
function processes(...options: Options[]): Promise<UserLoader[]> {
  const prefix = `fenced${made++}:`;
  const keyed = (each: Options): Keyed => ({ key: (id) => prefix + id, negativeTtl: 60, ...each });
  return Promise.all(options.map((each) => makeLoader(server, keyed(each))));
}

/** A load of user 1 that is running in the first of two processes, and the second. */
async function loadAndOther(options: Options = {}) {
  const held = heldLoad();
  const [first, other] = (await processes({ ...options, load: held.load }, options)) as [UserLoader, UserLoader];
  const loaded = first.users.load(1);
  await eventually("it is loaded", () => held.calls.length === 1);
  const textNow = (): Promise<string | null> => other.redis.get(first.keyOf(1));
  /** Answers it, and waits until Redis has answered what may have been written back. */
  const answer = async (user: User | null): Promise<void> => {
    held.calls[0]?.answer([user]);
    await loaded;
    await nextIteration();
    await first.redis.ping();
    await first.redis.ping();
  };
  return { ...held, first, other, loaded, textNow, answer };
}

describe("prime", () => {
  it("wins over a load of another process that began before it and finds nothing", async () => {
    const { first, other, loaded, textNow, answer } = await loadAndOther();
    expect(await other.users.prime(1, NEW)).toBe(true);
    await answer(null);
    expect(await loaded, "who waited").toBeNull();
    expect(JSON.parse((await textNow()) ?? "")).toEqual(NEW);
    for (const { users } of [first, other]) expect(await users.load(1)).toEqual(NEW);
    expect(other.asked).toEqual([]);
  });

  it("wins over a load of the same process, and is what the next load gets", async () => {
    const { first, loaded, textNow, answer } = await loadAndOther();
    const primed = first.users.prime(1, NEW);
    expect(await first.users.load(1)).toEqual(NEW);
    await answer(null);
    expect([await primed, await loaded, JSON.parse((await textNow()) ?? "")]).toEqual([true, null, NEW]);
  });

  it("writes over the absence that a load has left, and not over a value", async () => {
    const [{ users, asked }] = (await processes({ load: async (ids) => ids.map(() => null) })) as [UserLoader];
    expect(await users.load(1)).toBeNull();
    await users.prime(1, NEW);
    await users.prime(1, userOf(1));
    expect(await users.load(1)).toEqual(NEW);
    expect(asked).toEqual([[1]]);
  });

  it("gives what it was given to a scope that has loaded an absence, or is loading", async () => {
    const { calls, load } = heldLoad();
    const [{ redis, users }] = (await processes({ load })) as [UserLoader];
    const loader = users.for(redis.tickpipe.scope().redis);
    const loaded = loader.load(1);
    await eventually("it is loaded", () => calls.length === 1);
    loader.prime(1, NEW);
    expect(await loader.load(1)).toEqual(NEW);
    calls[0]?.answer([null]);
    expect(await loaded).toBeNull();
    const absent = loader.load(2);
    await eventually("the other is loaded", () => calls.length === 2);
    calls[1]?.answer([null]);
    expect(await absent).toBeNull();
    loader.prime(2, NEW);
    expect(await loader.load(2)).toEqual(NEW);
    loader.prime(2, userOf(2));
    expect(await loader.load(2), "a value stays").toEqual(NEW);
  });

  it("of an absence that is not remembered keeps earlier loads from writing all the same", async () => {
    const held = heldLoad();
    const options = { negativeTtl: 0.001, key: (id: number) => `gone${id}` };
    const first = await makeLoader(server, { key: options.key, load: held.load });
    const other = await makeLoader(server, { key: options.key, load: async (ids) => ids.map(() => null) });
    const loaded = first.users.load(1);
    await eventually("it is loaded", () => held.calls.length === 1);
    await other.users.prime(1, null);
    held.calls[0]?.answer([userOf(1)]);
    await loaded;
    await first.redis.ping();
    expect(await other.users.load(1)).toBeNull();
  });

  it("works where the server has forgotten its scripts", async () => {
    const [{ redis, users, asked }] = (await processes({})) as [UserLoader];
    for (const id of range(3)) {
      await users.prime(id, NEW);
      await redis.script("FLUSH");
    }
    expect(await users.loadMany(range(3))).toEqual([NEW, NEW, NEW]);
    expect(asked).toEqual([]);
  });
});

describe("clear", () => {
  it("keeps a load of another process that began before it from writing, and not one that began after", async () => {
    const { first, other, textNow, answer } = await loadAndOther();
    await other.users.clear(1);
    const mark = await textNow();
    await answer(userOf(1));
    expect(await textNow()).toBe(mark);
    expect(await other.users.load(1)).toEqual(userOf(1));
    await other.redis.ping();
    expect(JSON.parse((await textNow()) ?? "")).toEqual(userOf(1));
    expect(other.asked).toEqual([[1]]);
    expect(first.users.stats().redisErrors).toBe(0);
  });

  it("by another process keeps who asks after it from waiting for a load that began before", async () => {
    const { calls, first, other, loaded, answer } = await loadAndOther();
    await other.users.clear(1);
    const after = first.users.load(1);
    await eventually("it is loaded anew", () => calls.length === 2);
    calls[1]?.answer([NEW]);
    await answer(userOf(1));
    expect([await loaded, await after]).toEqual([userOf(1), NEW]);
    expect(await other.users.load(1)).toEqual(NEW);
  });

  it.each(clientVariants)("does so on $name, with a key prefix", async ({ make }) => {
    const client = (): Tickpiped<Redis> => tickpipe(make({ port: server.port, keyPrefix: "p{:" }));
    const { calls, load } = heldLoad();
    const key = (id: number): string => `variant${made}}:${id}`;
    made += 1;
    const [first, other] = [await makeLoader(client(), { key, load }), await makeLoader(client(), { key })];
    const loaded = first.users.load(1);
    await eventually("it is loaded", () => calls.length === 1);
    await other.users.clear(1);
    await other.users.prime(1, NEW);
    calls[0]?.answer([null]);
    expect(await loaded).toBeNull();
    await first.redis.ping();
    expect(await first.users.load(1)).toEqual(NEW);
    await other.users.clear(1);
    expect(await other.users.load(1)).toEqual(userOf(1));
    await other.redis.ping();
    expect(JSON.parse((await other.redis.get(key(1))) ?? "")).toEqual(userOf(1));
    for (const { redis } of [first, other]) redis.disconnect();
  });
});

describe("a load that takes longer than a primed value lives", () => {
  const shortLived: Options = { ttl: 1, negativeTtl: 1, jitter: 0 };

  it("is written back", async () => {
    const { first, textNow, answer } = await loadAndOther(shortLived);
    await eventually("it leaves a mark of its own", async () => isMark(await textNow()));
    // By time, since that is what it is about: any fence would be over.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const answered = answer(userOf(1));
    expect(await first.users.load(1), "who asks meanwhile waits for it").toEqual(userOf(1));
    await answered;
    expect(JSON.parse((await textNow()) ?? "")).toEqual(userOf(1));
  });

  it("is not written back when something was primed meanwhile that has expired", async () => {
    const { other, textNow, answer } = await loadAndOther(shortLived);
    await eventually("it leaves a mark of its own", async () => isMark(await textNow()));
    await other.users.prime(1, NEW);
    await eventually("what was primed expires", async () => (await textNow()) === null);
    await answer(null);
    expect(await textNow()).toBeNull();
  });

  it("leaves nothing where it fails", async () => {
    let fail: (error: Error) => void = () => {};
    const load = () =>
      new Promise<never>((_, reject) => {
        fail = reject;
      });
    const [{ redis, users, keyOf }] = (await processes({ ...shortLived, load })) as [UserLoader];
    const loaded = users.load(1);
    await eventually("it leaves a mark", async () => isMark(await redis.get(keyOf(1))));
    fail(new Error("the database is down"));
    await expect(loaded).rejects.toThrow("the database is down");
    await eventually("it is gone", async () => (await redis.get(keyOf(1))) === null);
  });

  it("is not kept where Redis comes to its write too late to know", async () => {
    const held = heldLoad();
    const inline = tickpipe(server.client(), { blocking: "inline" });
    const { redis, users, keyOf } = await makeLoader(inline, { ttl: 60, jitter: 0.99, load: held.load });
    const observer = server.client();
    const loaded = users.load(1);
    await eventually("it is loaded", () => held.calls.length === 1);
    // Holds up the write.
    const blocked = redis.blpop("late", 0);
    held.calls[0]?.answer([userOf(1)]);
    await loaded;
    await new Promise((resolve) => setTimeout(resolve, 650));
    await observer.rpush("late", "now");
    await blocked;
    await eventually("it is taken away", async () => (await observer.get(keyOf(1))) === null);
    expect(await observer.exists(keyOf(1))).toBe(0);
  });
});

/** Numbers from 0 up to, not including, 1: the same for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

it.each(range(4))("no load gives what is older than a change that Redis has acknowledged, program %i", async (seed) => {
  const random = randomNumbers(seed);
  const ids = range(6);
  const pause = async (): Promise<void> => {
    for (const _ of range(Math.floor(random() * 8))) await nextIteration();
  };
  /** By id: the version that is true now, and the least that a load may give from now on. */
  const versions = new Map<number, number>(ids.map((id) => [id, 0]));
  const least = new Map<number, number>(ids.map((id) => [id, 0]));
  const userNow = (id: number): User | null => {
    const version = versions.get(id) ?? 0;
    return version === 0 ? null : { id, tags: [String(version)] };
  };
  const load = async (asked: readonly number[]): Promise<(User | null)[]> => {
    await pause();
    const found = asked.map(userNow);
    await pause();
    return found;
  };
  const loaders = await processes({ load }, { load }, { load });
  const any = (): UserLoader => loaders[Math.floor(random() * loaders.length)] as UserLoader;
  let isOver = false;

  async function read(): Promise<void> {
    while (!isOver) {
      const id = Math.floor(random() * ids.length);
      const floor = least.get(id) ?? 0;
      const user = await any().users.load(id);
      expect(Number(user?.tags[0] ?? 0), `of ${id}`).toBeGreaterThanOrEqual(floor);
      await pause();
    }
  }

  /** One for each id: two changes at once are the application's to order. */
  async function change(id: number): Promise<void> {
    for (const _ of range(40)) {
      await pause();
      const { users } = any();
      const isNew = versions.get(id) === 0;
      const version = (versions.get(id) ?? 0) + 1;
      versions.set(id, version);
      const isPrimed = isNew || random() < 0.5;
      const cleared = isNew || users.clear(id);
      const primed = !isPrimed || users.prime(id, userNow(id));
      expect(await Promise.all([cleared, primed])).toEqual([true, true]);
      least.set(id, version);
    }
  }

  const reading = range(12).map(read);
  const changed = Promise.all(ids.map(change)).finally(() => {
    isOver = true;
  });
  await Promise.all([changed, ...reading]);
  const { hits, misses } = (loaders[0] as UserLoader).users.stats();
  expect(hits).toBeGreaterThan(10);
  expect(misses).toBeGreaterThan(10);
  for (const id of ids) expect(await any().users.load(id)).toEqual(userNow(id));
});
