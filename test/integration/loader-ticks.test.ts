import { tickpipe } from "@tickpipe/core";
import { countSocketWrites } from "@tickpipe/test-support";
import { describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { makeLoader, nextIteration, userOf } from "../loaders.ts";

const server = useServer();

describe("in the tick's write", () => {
  const flushes = ["immediate", "nextTick", "microtask", (flush: () => void) => setTimeout(flush, 1)] as const;
  it.each(flushes)("leave 20 loads and 20 plain calls, before, between and after, with flush %s", async (flush) => {
    const { redis, users, asked, keyOf } = await makeLoader(tickpipe(server.client(), { flush }));
    await redis.set(keyOf(0), JSON.stringify(userOf(0)));
    for (const loadsFirst of [true, false]) {
      const writes = countSocketWrites(redis.stream);
      const loads = (): Promise<unknown>[] => range(10).map(() => users.load(0));
      const gets = (): Promise<unknown>[] => range(10).map((i) => redis.get(`plain${i}`));
      const halves = loadsFirst ? [loads, gets, loads, gets] : [gets, loads, gets, loads];
      await Promise.all(halves.flatMap((half) => half()));
      expect(writes.take()).toBe(1);
    }
    expect(asked).toEqual([]);
  });

  it("leave the loads of all scopes, each counted in its own", async () => {
    const { redis, users } = await makeLoader(server);
    const scopes = range(20).map(() => redis.tickpipe.scope());
    const writes = countSocketWrites(redis.stream);
    const loads = scopes.map((scope, i) => users.for(scope.redis).load(i));
    await nextIteration();
    expect(writes.take()).toBe(1);
    await Promise.all(loads);
    for (const scope of scopes) expect(scope.stats().commands).toBe(1);
  });

  it("leaves, in another one, all that is written back", async () => {
    const { redis, users, keyOf } = await makeLoader(server);
    const writes = countSocketWrites(redis.stream);
    await users.loadMany(range(50));
    await redis.get(keyOf(49));
    expect(writes.take()).toBe(2);
    expect(await redis.exists(...range(50).map(keyOf))).toBe(50);
  });

  it("leave with flush() as well, for a process that blocks or ends", async () => {
    const { redis, users } = await makeLoader(server);
    const writes = countSocketWrites(redis.stream);
    const loaded = users.load(1);
    redis.tickpipe.flush();
    expect(writes.take()).toBe(1);
    await loaded;
  });

  it("are answered with a flush of one's own that flushes at once", async () => {
    const { users } = await makeLoader(tickpipe(server.client(), { flush: (flush) => flush() }));
    expect(await Promise.all([users.load(1), users.load(2)])).toEqual([userOf(1), userOf(2)]);
  });
});
