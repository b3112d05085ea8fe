import { tickpipe } from "@tickpipe/core";
import { eventually, HOST, startEngine } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import { describe, expect, inject, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { makeLoader, type User, userOf } from "../loaders.ts";
import { promiseLedger } from "../promise-ledger.ts";

const server = useServer();

class NotAllowed extends Error {
  readonly status = 403;
}

describe("a load in a scope", () => {
  it("that was aborted is refused, and asks nobody", async () => {
    const { redis, users, asked } = await makeLoader(server);
    const scope = redis.tickpipe.scope();
    const loader = users.for(scope.redis);
    scope.abort();
    await expect(loader.load(1)).rejects.toMatchObject({ code: "ERR_TICKPIPE_ABORTED" });
    expect(asked).toEqual([]);
  });

  it("that was closed is a load of no scope: it is answered, and what it gives is not kept", async () => {
    const { redis, users } = await makeLoader(server);
    const scope = redis.tickpipe.scope();
    const early = users.for(scope.redis);
    expect(await early.load(1)).toBe(await early.load(1));
    scope.close();
    const late = [await early.load(1), await early.load(1), await users.for(scope.redis).load(1)];
    expect(late).toEqual([userOf(1), userOf(1), userOf(1)]);
    expect(new Set(late).size).toBe(3);
  });

  it("is that of the running request, for the loader of the module's own view", async () => {
    const { redis, users, asked } = await makeLoader(server);
    const scope = redis.tickpipe.scope();
    const [first, second] = await scope.run(async () => [await users.load(1), await users.load(1)]);
    expect(second).toBe(first);
    expect(scope.stats()).toMatchObject({ commands: 1 });
    scope.close();
    expect(asked).toEqual([[1]]);
  });
});

describe("a load that fails", () => {
  it("for one id fails that id alone, is kept in the scope, and is not kept in Redis", async () => {
    const { redis, users, asked, keyOf } = await makeLoader(server, {
      load: async (ids) => ids.map((id) => (id === 2 ? new NotAllowed("no") : userOf(id))),
    });
    const loader = users.for(redis.tickpipe.scope().redis);
    const [one, two, three, again] = await loader.loadMany([1, 2, 3, 2]);
    expect(again).toBe(two);
    expect([one, three]).toEqual([userOf(1), userOf(3)]);
    expect(two).toBeInstanceOf(NotAllowed);
    await expect(loader.load(2)).rejects.toBe(two);
    expect(await redis.exists(keyOf(2))).toBe(0);
    expect(asked).toEqual([[1, 2, 3]]);
    await expect(users.load(2)).rejects.toThrow("no");
    expect(users.stats()).toMatchObject({ failedKeys: 2, loads: 2 });
  });

  it("as a whole fails what it was asked for, not what Redis had, and is tried again by the next", async () => {
    let isDown = false;
    const { redis, users, asked } = await makeLoader(server, {
      load: async (ids) => {
        if (isDown) throw new Error("the database is down");
        return ids.map(userOf);
      },
    });
    await users.load(1);
    isDown = true;
    const loader = users.for(redis.tickpipe.scope().redis);
    const [one, two] = await loader.loadMany([1, 2]);
    expect(one).toEqual(userOf(1));
    expect(String(two)).toBe("Error: the database is down");
    isDown = false;
    expect(await loader.load(2)).toEqual(userOf(2));
    expect(asked).toEqual([[1], [2], [2]]);
  });

  it("gives each of those who waited an error of its own", async () => {
    const failure = new NotAllowed("no");
    const { redis, users, asked } = await makeLoader(server, { load: () => Promise.reject(failure) });
    const scoped = range(20).map(() => users.for(redis.tickpipe.scope().redis).load(1));
    const settled = await Promise.allSettled([...scoped, users.load(1), users.load(1)]);
    const errors = settled.map((each) => (each.status === "rejected" ? each.reason : undefined));
    for (const error of errors) {
      expect(error).toBeInstanceOf(NotAllowed);
      expect(error).toMatchObject({ message: "no", status: 403, stack: failure.stack });
    }
    expect(new Set(errors).size).toBe(22);
    expect(errors).toContain(failure);
    expect(asked).toEqual([[1]]);
  });

  it.each([
    ["too few values", async () => [], "a value for each of its 2 ids, in their order, got one with 0"],
    ["too many", async () => range(3).map(userOf), "got one with 3"],
    ["no array", async () => "12" as unknown as User[], "got a string"],
    ["nothing", (() => undefined) as unknown as () => Promise<User[]>, "got undefined"],
  ])("by giving %s says so", async (_what, load, said) => {
    const { users } = await makeLoader(server, { load });
    for (const result of await users.loadMany([1, 2])) {
      expect(result).toMatchObject({ name: "TickpipeTypeError", code: "ERR_TICKPIPE_LOADER_RESULT" });
      expect(String(result)).toContain(said);
    }
  });

  it("by throwing at once, or throwing what is no error, rejects as well", async () => {
    const throwing = await makeLoader(server, {
      load: () => {
        throw new Error("at once");
      },
    });
    await expect(throwing.users.load(1)).rejects.toThrow("at once");
    const { users } = await makeLoader(server, { load: () => Promise.reject("why") });
    await expect(users.load(1)).rejects.toMatchObject({ code: "ERR_TICKPIPE_LOADER_RESULT", cause: "why" });
  });

  it("because its value cannot be encoded fails that id alone", async () => {
    const { users } = await makeLoader(server, {
      load: async (ids) => ids.map((id) => (id === 1 ? ({ id: 1n } as unknown as User) : userOf(id))),
    });
    const [one, two] = await users.loadMany([1, 2]);
    expect(String(one)).toContain("BigInt");
    expect(two).toEqual(userOf(2));
  });
});

describe("without Redis", () => {
  it("all requests are answered, when it is killed in mid-run, at once, and again from it when it is back", async () => {
    const killed = await startEngine(inject("engine"));
    const client = new Redis({ host: HOST, port: killed.port, maxRetriesPerRequest: null, retryStrategy: () => 5 });
    client.on("error", () => {});
    const { users, asked } = await makeLoader(tickpipe(client));
    let answered = 0;
    const request = async (id: number) => {
      expect(await users.load(id % 50)).toEqual(userOf(id % 50));
      answered += 1;
    };
    let stopped: Promise<void> | undefined;
    for (const round of range(40)) {
      const requests = range(50).map((i) => request(round + i));
      if (round === 10) stopped = killed.stop();
      await Promise.all(requests);
      if (round === 10) await stopped;
      if (round === 11) await eventually("the connection is lost", () => client.status !== "ready");
    }
    expect(answered).toBe(2_000);
    expect(asked.length).toBeGreaterThan(20);
    expect(users.stats().redisErrors).toBeGreaterThan(1_000);
    client.disconnect();
    expect(await users.load(1)).toEqual(userOf(1));
  });

  it("is not waited for when the connection is lost while it is asked", async () => {
    const killed = await startEngine(inject("engine"));
    const client = new Redis({ host: HOST, port: killed.port, maxRetriesPerRequest: null });
    client.on("error", () => {});
    const inline = tickpipe(client, { blocking: "inline" });
    const { redis, users, asked } = await makeLoader(inline);
    // Holds up the replies.
    redis.blpop("never", 0).catch(() => {});
    const loaded = users.loadMany([1, 2]);
    await eventually("both are asked for", () => redis.tickpipe.stats().pending === 3);
    await killed.stop();
    expect(await loaded).toEqual([userOf(1), userOf(2)]);
    expect(asked).toEqual([[1, 2]]);
    // Nor is anything put in line for it while it is away.
    const { pending } = redis.tickpipe.stats();
    expect(await users.loadMany([3, 4])).toEqual([userOf(3), userOf(4)]);
    expect(redis.tickpipe.stats().pending).toBe(pending);
    disconnectWhileReconnecting(client);
  });

  it("answers when it takes no writes", async () => {
    const { redis, users } = await makeLoader(server);
    await redis.config("SET", "maxmemory", "1");
    try {
      expect(await users.loadMany([1, 2])).toEqual([userOf(1), userOf(2)]);
      await eventually("both writes have failed", () => users.stats().redisErrors === 2);
    } finally {
      await redis.config("SET", "maxmemory", "0");
    }
  });

  it("uses it again once it is back", async () => {
    const { redis, users, asked } = await makeLoader(server);
    await users.load(1);
    redis.disconnect();
    await users.load(1);
    expect(asked).toEqual([[1], [1]]);
    await redis.connect();
    await users.load(1);
    expect(asked).toHaveLength(2);
  });

  it("is not waited for longer than redisTimeoutMs when it does not answer", async () => {
    const inline = tickpipe(server.client(), { blocking: "inline" });
    const { redis, users, asked, keyOf } = await makeLoader(inline, { redisTimeoutMs: 20 });
    await users.load(1);
    // Holds up all that is called after it on this connection.
    const blocked = redis.blpop("never", 0);
    expect(await users.loadMany([1, 2])).toEqual([userOf(1), userOf(2)]);
    expect(asked).toEqual([[1], [1, 2]]);
    expect(users.stats()).toMatchObject({ redisErrors: 2 });
    await server.client().rpush("never", "now");
    await blocked;
    expect(await redis.exists(keyOf(2))).toBe(1);
  });

  it("clear and prime say that it has not answered, and do not reject", async () => {
    const { redis, users } = await makeLoader(server);
    redis.disconnect();
    await eventually("the client has ended", () => redis.status === "end");
    expect(await users.clear(1)).toBe(false);
    expect(await users.prime(1, userOf(1))).toBe(false);
    expect(users.stats().redisErrors).toBe(2);
  });

  it("clear and prime are not waited for longer than redisTimeoutMs, and not at all while it is away", async () => {
    const killed = await startEngine(inject("engine"));
    const client = new Redis({ host: HOST, port: killed.port, maxRetriesPerRequest: null, retryStrategy: () => 5 });
    client.on("error", () => {});
    const inline = tickpipe(client, { blocking: "inline" });
    const { redis, users } = await makeLoader(inline, { redisTimeoutMs: 20 });
    const patient = await makeLoader(inline);
    // Holds up the replies.
    redis.blpop("never", 0).catch(() => {});
    expect(await Promise.all([users.clear(1), users.prime(1, userOf(1))])).toEqual([false, false]);
    const until = patient.users.clear(1);
    await killed.stop();
    expect(await until, "until the connection is lost").toBe(false);
    expect(await Promise.all([patient.users.clear(1), patient.users.prime(1, userOf(1))])).toEqual([false, false]);
    expect(users.stats().redisErrors).toBe(2);
    client.disconnect();
    promiseLedger.strikeOutPending();
  });

  it("a clear takes effect once it is back, and a prime as a clear", async () => {
    const { redis, users, asked } = await makeLoader(server);
    await users.loadMany([1, 2]);
    redis.disconnect(true);
    await eventually("the connection is lost", () => redis.status !== "ready");
    const changed = await Promise.all([users.clear(1), users.prime(2, { id: 2, tags: ["primed while away"] })]);
    expect(changed).toEqual([false, false]);
    await eventually("it is back", () => redis.status === "ready");
    await redis.ping();
    expect(await users.loadMany([1, 2])).toEqual([userOf(1), userOf(2)]);
    expect(asked).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it("answers when the calls pending are capped, and their cap is reached", async () => {
    const { users } = await makeLoader(tickpipe(server.client(), { maxPending: 1 }));
    expect(await users.loadMany(range(10))).toEqual(range(10).map(userOf));
    expect(users.stats().redisErrors).toBeGreaterThanOrEqual(9);
  });

  it("answers when it cannot be reached from the start", async () => {
    const client = new Redis({ host: HOST, port: 1, lazyConnect: true, retryStrategy: () => 1_000_000 });
    client.on("error", () => {});
    const users = tickpipe(client).tickpipe.loader({
      key: (id: number) => `u${id}`,
      load: async (ids) => ids.map(userOf),
      ttl: 1,
    });
    expect(await users.load(1)).toEqual(userOf(1));
    disconnectWhileReconnecting(client);
  });
});

/** What is pending on a client that is disconnected while it waits to connect again is never settled by ioredis. */
function disconnectWhileReconnecting(client: Redis): void {
  expect(client.status).toBe("reconnecting");
  client.disconnect();
  promiseLedger.strikeOutPending();
}
