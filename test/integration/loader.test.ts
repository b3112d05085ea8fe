import { AsyncLocalStorage } from "node:async_hooks";
import { tracingChannel } from "node:diagnostics_channel";
import { tickpipe } from "@tickpipe/core";
import { eventually } from "@tickpipe/test-support";
import { describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { heldLoad, makeLoader, nextIteration, userOf } from "../loaders.ts";
import { clientVariants } from "../variants.ts";

const server = useServer();

describe("a loader", () => {
  it("loads once what Redis does not have, and then answers from Redis", async () => {
    const { redis, users, asked, keyOf } = await makeLoader(server);
    expect(await users.load(1)).toEqual(userOf(1));
    expect(JSON.parse((await redis.get(keyOf(1))) ?? "")).toEqual(userOf(1));
    expect(await users.load(1)).toEqual(userOf(1));
    expect(asked).toEqual([[1]]);
    expect(users.stats()).toMatchObject({ hits: 1, misses: 1, loads: 1, loadedKeys: 1, redisErrors: 0 });
  });

  it.each(clientVariants)("works on $name", async ({ make }) => {
    const client = make({ port: server.port });
    const { users, asked } = await makeLoader(tickpipe(client), {
      load: async (ids) => ids.map(() => null),
      negativeTtl: 1,
    });
    expect(await users.load(1)).toBeNull();
    expect(await users.prime(2, userOf(2))).toBe(true);
    expect(await users.loadMany([1, 2])).toEqual([null, userOf(2)]);
    expect(await users.clear(2)).toBe(true);
    expect(asked).toEqual([[1]]);
    client.disconnect();
    expect(await users.load(2)).toBeNull();
  });

  it("asks once for all that is missing in a tick, and for nothing that is there", async () => {
    const { users, asked } = await makeLoader(server);
    await users.load(2);
    expect(await Promise.all(range(5).map((id) => users.load(id)))).toEqual(range(5).map(userOf));
    expect(asked).toEqual([[2], [0, 1, 3, 4]]);
  });

  it("does not let what Redis has wait for what must be loaded", async () => {
    const { calls, load } = heldLoad();
    const { redis, users, keyOf } = await makeLoader(server, { load });
    await redis.set(keyOf(1), JSON.stringify(userOf(1)));
    const [slow, quick] = [users.load(2), users.load(1)];
    expect(await quick).toEqual(userOf(1));
    expect(calls).toHaveLength(1);
    calls[0]?.answer([userOf(2)]);
    expect(await slow).toEqual(userOf(2));
  });

  it("gives no more than maxBatchSize ids to a call of load", async () => {
    const { users, asked } = await makeLoader(server, { maxBatchSize: 2 });
    expect(await users.loadMany(range(5))).toEqual(range(5).map(userOf));
    expect(asked).toEqual([[0, 1], [2, 3], [4]]);
  });

  it("makes one load of 1,000 concurrent requests for one cold key, each in a scope of its own", async () => {
    const { redis, users, asked } = await makeLoader(server);
    const requests = range(1_000).map(async (i) => {
      // Some come in later ticks, while the load runs or Redis has not confirmed the write.
      for (const _ of range(i % 10)) await nextIteration();
      const scope = redis.tickpipe.scope();
      const user = await users.for(scope.redis).load(1);
      scope.close();
      return user;
    });
    const loaded = await Promise.all(requests);
    expect(loaded).toEqual(range(1_000).map(() => userOf(1)));
    expect(asked).toEqual([[1]]);
    expect(new Set(loaded).size).toBe(1_000);
  });

  it("does not load again for a read that missed before the value was written, and is answered after", async () => {
    const { calls, load } = heldLoad();
    const inline = tickpipe(server.client(), { blocking: "inline" });
    const { redis, users } = await makeLoader(inline, { load });
    const first = users.load(1);
    await eventually("it is loaded", () => calls.length === 1);
    // Holds up the replies to the read and to the write, so that they come at once.
    const blocked = redis.blpop("gate", 0);
    const second = users.for(redis.tickpipe.scope().redis).load(1);
    await eventually("it is read", () => redis.tickpipe.stats().pending === 2);
    calls[0]?.answer([userOf(1)]);
    await eventually("it is written", () => redis.tickpipe.stats().pending === 3);
    await server.client().rpush("gate", "open");
    await blocked;
    await eventually("the second is a miss", () => users.stats().misses === 2);
    expect(calls).toHaveLength(1);
    expect(await Promise.all([first, second])).toEqual([userOf(1), userOf(1)]);
  });

  it("makes one load of them without scopes too, and gives each a value of its own", async () => {
    const { users, asked } = await makeLoader(server);
    const loaded = await Promise.all(range(1_000).map(() => users.load(1)));
    expect(asked).toEqual([[1]]);
    expect(new Set(loaded).size).toBe(1_000);
    loaded[0]?.tags.push("changed");
    expect(loaded[1]).toEqual(userOf(1));
    const [first, second] = await Promise.all([users.load(1), users.load(1)]);
    first?.tags.push("changed");
    expect(second).toEqual(userOf(1));
    expect(users.stats()).toMatchObject({ hits: 1, misses: 1 });
  });

  it("keeps what it loaded in its scope alone", async () => {
    const { redis, users, keyOf } = await makeLoader(server);
    const [a, b] = [redis.tickpipe.scope(), redis.tickpipe.scope()];
    const inA = await users.for(a.redis).load(1);
    const inB = await users.for(b.redis).load(1);
    expect(inA).not.toBe(inB);
    inA?.tags.push("changed");
    expect(await users.for(b.redis).load(1)).toEqual(userOf(1));
    await redis.set(keyOf(1), JSON.stringify({ id: 1, tags: ["other"] }));
    expect(await users.for(a.redis).load(1)).toBe(inA);
    expect(await users.for(redis.tickpipe.scope().redis).load(1)).toEqual({ id: 1, tags: ["other"] });
    expect(await users.load(1)).toEqual({ id: 1, tags: ["other"] });
    expect(a.stats().commands).toBe(1);
  });

  it("acts in the scope of the view that it was made on", async () => {
    const { redis } = await makeLoader(server);
    const scope = redis.tickpipe.scope();
    const { users } = await makeLoader(scope.redis);
    const user = await users.load(1);
    expect(await users.load(1)).toBe(user);
    expect(await users.for(redis).load(1)).not.toBe(user);
  });

  it("refuses what is no view of its client", async () => {
    const { users } = await makeLoader(server);
    const other = tickpipe(server.client());
    for (const wrong of [other, server.client(), undefined]) {
      expect(() => users.for(wrong as typeof other)).toThrow(/Expected a view of the client that the loader was made/);
    }
  });

  it.each([undefined, null])("refuses the id %s, and a key that is no string", async (id) => {
    const { users } = await makeLoader(server, { key: () => 5 as unknown as string });
    expect(() => users.load(id as unknown as number)).toThrow(`to be given an id, got ${id}`);
    expect(() => users.load(1)).toThrow(expect.objectContaining({ code: "ERR_TICKPIPE_LOADER_KEY" }));
  });

  it("reads under the caller whose scope it is", async () => {
    const { redis, users, keyOf } = await makeLoader(server);
    const request = new AsyncLocalStorage<number>();
    const seen: unknown[] = [];
    const note = (message: unknown) => {
      const { command, args } = message as { command: string; args: string[] };
      if (command === "get") seen.push([request.getStore(), args[0]]);
    };
    const subscribers = { start: note, end() {}, asyncStart() {}, asyncEnd() {}, error() {} };
    tracingChannel("ioredis:command").subscribe(subscribers);
    try {
      const load = (id: number) => users.for(redis.tickpipe.scope().redis).load(id);
      await Promise.all(range(10).map((id) => request.run(id, load, id)));
    } finally {
      tracingChannel("ioredis:command").unsubscribe(subscribers);
    }
    expect(seen).toEqual(range(10).map((id) => [id, keyOf(id)]));
  });

  it("loads outside of any request, and answers each in its own context", async () => {
    const request = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const { redis, users } = await makeLoader(server, {
      load: async (ids) => {
        seen.push(request.getStore());
        return ids.map(userOf);
      },
    });
    const scopes = ["ann", "bob"].map((name) => ({ name, scope: redis.tickpipe.scope() }));
    const contexts = scopes.map(({ name, scope }) =>
      request.run(name, async () => {
        await users.for(scope.redis).load(1);
        return request.getStore();
      }),
    );
    expect(await Promise.all(contexts)).toEqual(["ann", "bob"]);
    expect(seen).toEqual([undefined]);
  });
});
