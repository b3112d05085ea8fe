import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { eventually } from "@tickpipe/test-support";
import { describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { heldLoad, makeLoader, nextIteration, type User, userOf } from "../loaders.ts";

const server = useServer();

/** What every loaded user is in Redis at first, while the database has `userOf` its id. */
const OLD = { tags: ["old"] };

describe("after a change, a load", () => {
  it("in a scope with a memo is not answered by the memo, with clearAll and without", async () => {
    const { redis, users, keyOf } = await makeLoader(server);
    const scope = redis.tickpipe.scope({ memo: true });
    const loader = users.for(scope.redis);
    await redis.set(keyOf(1), JSON.stringify(OLD));
    expect(await loader.load(1)).toEqual(OLD);
    await redis.set(keyOf(1), JSON.stringify(userOf(1)));
    loader.clearAll();
    expect(await loader.load(1)).toEqual(userOf(1));
    await redis.set(keyOf(2), JSON.stringify(OLD));
    await scope.redis.get(keyOf(2));
    await users.clear(2);
    expect(await loader.load(2)).toEqual(userOf(2));
  });

  it.each([
    ["that scope", true],
    ["another", false],
  ])("in the tick of a clear does not see the old value, in %s, whatever waits for a turn", async (_in, isSame) => {
    const { redis, users, keyOf } = await makeLoader(server);
    await redis.set(keyOf(1), JSON.stringify(OLD));
    const scope = redis.tickpipe.scope({ maxPerTick: 1, memo: true });
    const loader = users.for(scope.redis);
    await loader.load(1);
    const others = range(3).map((i) => scope.redis.incr(`other${i}`));
    const cleared = loader.clear(1);
    const loaded = await (isSame ? loader : users).load(1);
    expect(loaded).toEqual(userOf(1));
    expect(await cleared).toBe(true);
    await Promise.all(others);
  });

  it("is made although the scope of the clear is aborted, over its budget, or both", async () => {
    const { redis, users, asked } = await makeLoader(server);
    const scope = redis.tickpipe.scope({ abortable: true, maxCommands: 1, whenOverBudget: "reject" });
    const loader = users.for(scope.redis);
    await loader.load(1);
    expect(await loader.clear(1)).toBe(true);
    await users.load(1);
    scope.abort();
    expect(await loader.clear(1)).toBe(true);
    await users.load(1);
    expect(asked).toEqual([[1], [1], [1]]);
  });
});

describe("a load of a scope that may be aborted", () => {
  it("is rejected when it is aborted while it loads, and nobody need await it", async () => {
    const { calls, load } = heldLoad();
    const { redis, users, keyOf } = await makeLoader(server, { load });
    const scope = redis.tickpipe.scope({ abortable: true });
    const loader = users.for(scope.redis);
    const unheard = loader.load(1);
    loader.load(1);
    const joined = users.for(redis.tickpipe.scope().redis).load(1);
    await eventually("it is loaded", () => calls.length === 1);
    loader.load(1);
    scope.abort();
    // So late that an unhandled rejection would have been reported.
    await nextIteration();
    await expect(unheard).rejects.toMatchObject({ code: "ERR_TICKPIPE_ABORTED" });
    calls[0]?.answer([userOf(1)]);
    expect(await joined, "another scope that waits for the same load").toEqual(userOf(1));
    await redis.ping();
    expect(JSON.parse((await redis.get(keyOf(1))) ?? "")).toEqual(userOf(1));
    expect(calls).toHaveLength(1);
    scope.close();
  });

  it("rejects at its deadline", async () => {
    const { calls, load } = heldLoad();
    const { redis, users } = await makeLoader(server, { load });
    const scope = redis.tickpipe.scope({ deadlineMs: 50 });
    await expect(users.for(scope.redis).load(1)).rejects.toMatchObject({ code: "ERR_TICKPIPE_DEADLINE" });
    calls[0]?.answer([userOf(1)]);
    scope.close();
  });

  it.each([
    ["before it has asked Redis", async () => {}],
    ["before Redis has answered", nextIteration],
  ])("does not reach the database when it is aborted %s, and nobody need await it", async (_when, wait) => {
    const { redis, users, asked, keyOf } = await makeLoader(server);
    const scope = redis.tickpipe.scope({ abortable: true });
    const loader = users.for(scope.redis);
    const unheard = loader.load(1);
    await wait();
    scope.abort(new Error("hung up"));
    await redis.ping();
    await nextIteration();
    await expect(unheard).rejects.toMatchObject({ code: "ERR_TICKPIPE_ABORTED" });
    // Nor one that is made after, nor after its close.
    loader.load(1);
    await nextIteration();
    scope.close();
    loader.load(1);
    await redis.ping();
    expect(asked).toEqual([]);
    expect(await redis.exists(keyOf(1))).toBe(0);
  });

  it("does not reach the database either when what was sent is to finish", async () => {
    const { redis, users, asked } = await makeLoader(server);
    const scope = redis.tickpipe.scope();
    const loaded = users.for(scope.redis).load(1);
    await nextIteration();
    scope.abort();
    await expect(loaded).rejects.toMatchObject({ code: "ERR_TICKPIPE_ABORTED" });
    expect(asked).toEqual([]);
  });
});

it("a closed scope holds nothing that it has loaded, though a timer still holds its view", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { redis, users } = await makeLoader(server, {
    load: async (ids) => ids.map((id) => ({ id, tags: ["x".repeat(1_000)] })),
  });
  const timers: NodeJS.Timeout[] = [];
  const loaded: WeakRef<User>[] = [];
  for (const id of range(300)) {
    const scope = redis.tickpipe.scope();
    const loader = users.for(scope.redis);
    loaded.push(new WeakRef((await loader.load(id)) as User));
    timers.push(setTimeout(() => [scope, loader, scope.redis], 60_000));
    scope.close();
  }
  await eventually("they are collected", async () => {
    await nextIteration();
    collect();
    return loaded.filter((each) => each.deref() !== undefined).length <= 3;
  });
  for (const timer of timers) clearTimeout(timer);
});
