import { AsyncLocalStorage } from "node:async_hooks";
import { tracingChannel } from "node:diagnostics_channel";
import { tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import { eventually, startProxy } from "@tickpipe/test-support";
import express from "express";
import type { Cluster, ClusterOptions } from "ioredis";
import request from "supertest";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { connectAll, countNodeWrites } from "./client-nodes.ts";
import { useCluster } from "./cluster-sides.ts";
import { clusterVariants } from "./cluster-variants.ts";

const setup = useCluster();
const connect = async (options?: ClusterOptions) => connectAll(await setup.connect(options));

describe.each(clusterVariants)("$name", ({ make }) => {
  it.each<[string, ClusterOptions]>([
    ["of the cluster", { keyPrefix: "p:" }],
    ["of its redisOptions", { redisOptions: { keyPrefix: "p:" } }],
  ])("honours the keyPrefix %s in commands, pipelines and scripts, once", async (_name, options) => {
    const redis = tickpipe(make(setup.cluster.nodes, options));
    redis.defineCommand("own", { numberOfKeys: 1, lua: "return KEYS[1]" });
    await Promise.all([
      redis.set("a", 1),
      redis.set(Buffer.from("b"), 1),
      redis.pipeline().set("c", 1).exec(),
      redis.multi().set("d", 1).exec(),
      redis.mset({ "{e}1": 1, "{e}2": 2 }),
    ]);
    const plain = await setup.connect();
    const found = await Promise.all(["a", "b", "c", "d", "{e}1", "{e}2"].map((key) => plain.exists(`p:${key}`)));
    expect(found).toEqual(found.map(() => 1));
    expect(await (redis as unknown as { own(key: string): Promise<string> }).own("k")).toBe("p:k");
    redis.disconnect();
  });
});

describe("options of a Cluster", () => {
  it("natMap: calls go by the mapped addresses", async () => {
    const proxies = await Promise.all(setup.cluster.nodes.map(({ port }) => startProxy(port)));
    const natMap = Object.fromEntries(
      setup.cluster.nodes.map(({ host, port }, i) => [`${host}:${port}`, { host, port: proxies[i]?.port ?? 0 }]),
    );
    const raw = await connect({ natMap });
    const redis = tickpipe(raw);
    const ports = raw.nodes().map(({ options }) => options.port);
    expect(ports.sort()).toEqual(proxies.map(({ port }) => port).sort());
    const writes = countNodeWrites(raw);
    await Promise.all(range(50).map((i) => redis.set(`nat ${i}`, i)));
    expect(writes.take()).toEqual([1, 1, 1]);
    await redis.rpush("{nat}", "x");
    expect(await redis.blpop("{nat}", 1)).toEqual(["{nat}", "x"]);
    await redis.tickpipe.transaction(["{nat}n"], (tx) => tx.multi().incr("{nat}n"));
    expect(await redis.get("{nat}n")).toBe("1");
    raw.disconnect();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  });

  it("enableOfflineQueue: false: calls before it is ready are refused, as on the plain client", async () => {
    const options = { enableOfflineQueue: false, lazyConnect: true };
    const plain = (await setup.connect()).duplicate([], options) as Cluster;
    const redis = tickpipe(plain.duplicate([], options) as Cluster);
    const call = (client: Cluster) => client.get("k").catch((error: Error) => error.message);
    expect(await call(redis)).toBe(await call(plain));
    await expect(redis.blpop("k", 1)).rejects.toThrow("enableOfflineQueue");
    for (const client of [plain, redis]) client.disconnect();
  });

  it("showFriendlyErrorStack: the stack of the call", async () => {
    const redis = tickpipe(await connect({ showFriendlyErrorStack: true }));
    async function namedCaller() {
      await redis.set("text", "x");
      await redis.incr("text");
    }
    const error = await namedCaller().catch((reason: Error) => reason);
    expect((error as Error).stack).toContain("options.test.ts");
  });

  it("shardedSubscribers: sharded channels beside other calls", async () => {
    const redis = tickpipe(await connect({ shardedSubscribers: true }));
    const seen: unknown[] = [];
    redis.on("smessage", (channel, message) => seen.push([channel, message]));
    await eventually("the subscribers are connected", () =>
      redis.ssubscribe("{s}news").then(
        () => true,
        () => false,
      ),
    );
    await Promise.all([redis.spublish("{s}news", "hello"), redis.set("k", 1)]);
    await eventually("the message has come", () => seen.length > 0);
    expect(seen).toEqual([["{s}news", "hello"]]);
  });

  it("keeps an argument that cannot be encoded out of the queues of others", async () => {
    const raw = (await setup.connect()).duplicate([], { lazyConnect: true }) as Cluster;
    const redis = tickpipe(raw);
    const bad = { toString: 1 } as unknown as string;
    const settled = await Promise.allSettled([redis.set("{u}a", 1), redis.set("{u}a", bad), redis.get("{u}a")]);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    raw.disconnect();
  });
});

describe("async context on a cluster", () => {
  it("tracing and callers see each command under its own caller", async () => {
    const redis = tickpipe(await connect());
    const caller = new AsyncLocalStorage<string>();
    const seen: string[] = [];
    const note = (message: unknown): void => {
      const { command, args = [] } = message as { command: string; args?: readonly unknown[] };
      if (command === "get") seen.push(`${String(args[0])} of ${caller.getStore()}`);
    };
    const channel = tracingChannel("ioredis:command");
    const subscribers = { start: note, end() {}, asyncStart() {}, asyncEnd() {}, error() {} };
    channel.subscribe(subscribers);
    const request = async (name: string) => {
      await Promise.all([redis.get(`${name} 1`), redis.get(`${name} 2`)]);
      expect(caller.getStore()).toBe(name);
    };
    await Promise.all(["ann", "bob", "cyd"].map((name) => caller.run(name, request, name)));
    channel.unsubscribe(subscribers);
    expect(seen.sort()).toEqual(
      ["ann", "bob", "cyd"].flatMap((name) => [`${name} 1 of ${name}`, `${name} 2 of ${name}`]),
    );
  });
});

describe("what is built on a view", () => {
  it("perRequest: each request has its own batcher of the cluster", async () => {
    const redis = tickpipe(await connect());
    const app = express();
    app.use(perRequest(redis));
    app.get("/", async (req, res) => {
      const scope = req.redis.tickpipe.currentScope();
      await Promise.all([req.redis.incr("visits"), req.redis.get("a"), req.redis.get("b")]);
      res.json(scope?.stats());
    });
    const { body } = await request(app).get("/");
    expect(body).toMatchObject({ commands: 3, roundTrips: 1 });
  });

  it("loaders: read keys of any slots in the tick's writes, and write back what they loaded", async () => {
    const raw = await connect();
    const redis = tickpipe(raw);
    const loaded: number[][] = [];
    const users = redis.tickpipe.loader({
      key: (id: number) => `user ${id}`,
      load: async (ids) => {
        loaded.push([...ids]);
        return ids.map((id) => ({ id }));
      },
      ttl: 60,
    });
    const ids = range(30);
    expect(await users.loadMany(ids)).toEqual(ids.map((id) => ({ id })));
    await eventually("all is written back", async () => (await redis.exists("user 29")) === 1);
    await eventually("nothing is pending", () => redis.tickpipe.stats().pending === 0);
    const writes = countNodeWrites(raw);
    expect(await users.loadMany(ids)).toEqual(ids.map((id) => ({ id })));
    expect(writes.take()).toEqual([1, 1, 1]);
    expect(loaded).toEqual([ids]);
  });

  it("loaders: a clear and a prime win over loads of another client that began before them, at every node", async () => {
    const ids = range(12);
    const [first, other] = [tickpipe(await connect()), tickpipe(await connect())];
    const key = (id: number) => `fenced ${id}`;
    let answer = (): void => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const early = first.tickpipe.loader({
      key,
      load: async (asked: readonly number[]) => {
        await held;
        return asked.map(() => null as string | null);
      },
      ...{ ttl: 60, negativeTtl: 60 },
    });
    const late = other.tickpipe.loader<number, string | null>({
      ...{ key, ttl: 60, negativeTtl: 60, load: async (asked) => asked.map((id) => `new ${id}`) },
    });
    const loaded = early.loadMany(ids);
    await eventually("they are loaded", () => early.stats().loads === 1);
    const changes = ids.map((id) => (id % 2 === 0 ? late.clear(id) : late.prime(id, `new ${id}`)));
    expect(await Promise.all(changes)).toEqual(ids.map(() => true));
    answer();
    expect(await loaded).toEqual(ids.map(() => null));
    await eventually("nothing is pending", () => first.tickpipe.stats().pending === 0);
    for (const loader of [late, early, late]) {
      expect(await loader.loadMany(ids.filter((id) => id % 2 === 1))).toEqual(range(6).map((i) => `new ${2 * i + 1}`));
    }
    expect(await late.loadMany(ids)).toEqual(ids.map((id) => `new ${id}`));
    expect(late.stats()).toMatchObject({ redisErrors: 0, loadedKeys: 6 });
  });
});
