import { Queue, Worker } from "bullmq";
import { redisInsStore } from "cache-manager-ioredis-yet";
import { createCache } from "cache-manager7";
import { RedisStore } from "connect-redis";
import { RedisStore as RedisStore9 } from "connect-redis9";
import { describe, expect, it } from "vitest";
import { bothClients } from "./both-clients.ts";

const failure = (error: Error): string => `${error.name}: ${error.message}`;
const failureOf = (make: () => unknown): string => {
  try {
    make();
  } catch (error) {
    return failure(error as Error);
  }
  return "none";
};

// What does not work with plain ioredis does not work with a view, and fails in the same way: docs/libraries.md.
describe.each(bothClients())("what fails natively, on $name", ({ sameOutcome }) => {
  it("connect-redis 9 speaks to node-redis alone", async () => {
    const outcome = await sameOutcome(async (redis) => {
      // Its types say so as well.
      const store = new RedisStore9({ client: redis as never });
      const cookie = { originalMaxAge: null };
      return [await store.set("s", { cookie }).catch(failure), await Promise.resolve(store.ids()).catch(failure)];
    });
    expect(outcome).toEqual([
      expect.stringMatching(/^ReplyError: ERR syntax error/),
      expect.stringMatching(/^TypeError: .*scanIterator/),
    ]);
  });

  it("connect-redis finds no session to list or clear on a client with a keyPrefix", async () => {
    const outcome = await sameOutcome(
      async (redis) => {
        const store = new RedisStore({ client: redis });
        await store.set("s", { cookie: { originalMaxAge: null } });
        await store.clear();
        return { listed: await store.ids(), found: await store.get("s") };
      },
      { options: { keyPrefix: "app:" } },
    );
    expect(outcome).toEqual({ listed: [], found: { cookie: { originalMaxAge: null } } });
  });

  it("BullMQ refuses a keyPrefix, and for a worker a limit of retries", async () => {
    const outcome = await sameOutcome(
      async (redis) => {
        await redis.ping();
        return failureOf(() => new Queue("q", { connection: redis }));
      },
      { options: { keyPrefix: "app:" } },
    );
    expect(outcome).toMatch(/^Error: BullMQ: ioredis does not support ioredis prefixes/);
    const ofWorker = await sameOutcome(
      async (redis) => {
        await redis.ping();
        return failureOf(() => new Worker("q", async () => {}, { connection: redis }));
      },
      // BullMQ leaves the connections of a worker that it refuses: they go on by themselves, and end with the server.
      { options: { retryStrategy: () => null }, sameCommands: false },
    );
    expect(ofWorker).toMatch(/^Error: BullMQ: Your redis options maxRetriesPerRequest must be null/);
  });

  it("cache-manager 7 asks a store for many keys at once as it would ask Keyv, which this one is not", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const cache = createCache({ stores: [redisInsStore(redis as never) as never] });
      await cache.set("k", "v");
      const failed = await cache.mset([{ key: "k", value: "w" }]).catch(failure);
      return { one: await cache.get("k"), many: await cache.mget(["k"]), failed };
    });
    expect(outcome).toEqual({ one: "v", many: [undefined], failed: "TypeError: store.setMany is not a function" });
  });
});
