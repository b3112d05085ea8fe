import { once } from "node:events";
import { tickpipe } from "@tickpipe/core";
import { countSocketWrites, type WriteCounter } from "@tickpipe/test-support";
import type { Cluster, Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { connectAll, countNodeWrites } from "./client-nodes.ts";
import { useCluster } from "./cluster-sides.ts";
import { clusterVariants } from "./cluster-variants.ts";

const setup = useCluster();
const keys = range(100).map((i) => `key ${i}`);
const values = keys.map((key) => `value of ${key}`);

async function withClient<T>(client: Cluster, use: (client: Cluster) => Promise<T>): Promise<T> {
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

describe.each(clusterVariants)("$name", ({ make }) => {
  it("sends 100 calls of one tick to three masters in exactly three writes, with the right replies in order", () =>
    withClient(make(setup.cluster.nodes), async (raw) => {
      const redis = tickpipe(await connectAll(raw));
      const writes = countNodeWrites(raw);
      expect(await Promise.all(keys.map((key, i) => redis.set(key, values[i] ?? "")))).toEqual(keys.map(() => "OK"));
      expect(writes.take()).toEqual([1, 1, 1]);
      expect(await Promise.all(keys.map((key) => redis.get(key)))).toEqual(values);
      expect(writes.take()).toEqual([1, 1, 1]);
      const buffers = await Promise.all(keys.map((key) => redis.getBuffer(Buffer.from(key))));
      expect(buffers).toEqual(values.map((value) => Buffer.from(value)));
      expect(writes.take()).toEqual([1, 1, 1]);
      expect(redis.tickpipe.stats()).toMatchObject({ commands: 300, batches: 9, lean: true, pending: 0 });
    }));

  it("sends what was called before the cluster is ready in one write to each node", () =>
    withClient(make(setup.cluster.nodes, { lazyConnect: true }), async (raw) => {
      const redis = tickpipe(raw);
      expect(redis.status).toBe("wait");
      const writes: WriteCounter[] = [];
      raw.on("+node", (node: Redis) => {
        node.once("connect", () => writes.push(countSocketWrites(node.stream, "\r\nset\r\n")));
      });
      const calls = keys.map((key, i) => redis.set(key, values[i] ?? ""));
      expect(await Promise.all(calls)).toEqual(keys.map(() => "OK"));
      expect(redis.status).toBe("ready");
      expect(writes.map((each) => each.take()).filter((count) => count > 0)).toEqual([1, 1, 1]);
    }));
});

describe("one write per node and tick", () => {
  const connect = async (options = {}) => connectAll(await setup.connect(options));

  it("takes in pipelines, transactions, scripts, callbacks and calls on the raw client", async () => {
    const raw = await connect();
    const redis = tickpipe(raw);
    redis.defineCommand("own", { numberOfKeys: 1, lua: "return KEYS[1]" });
    const own = (redis as unknown as { own(key: string): Promise<string> }).own;
    const writes = countNodeWrites(raw);
    const replies = await Promise.all([
      redis.set("{a}1", 1),
      redis.pipeline().incr("{a}1").get("{a}1").exec(),
      redis.multi().incr("{a}1").get("{a}1").exec(),
      own.call(redis, "{a}2"),
      redis.eval("return KEYS[1]", 1, "{a}3"),
      new Promise((resolve) => redis.get("{a}1", (_error, reply) => resolve(reply))),
      raw.get("{a}1"),
      redis.tickpipe.scope().redis.get("{a}1"),
    ]);
    expect(replies).toEqual([
      "OK",
      ...[
        [
          [null, 2],
          [null, "2"],
        ],
        [
          [null, 3],
          [null, "3"],
        ],
      ],
      ...["{a}2", "{a}3", "3", "3", "3"],
    ]);
    expect(writes.take().filter((count) => count > 0)).toEqual([1]);
  });

  it("takes a pipeline that waits for the slots, and is executed again by itself, for one call", async () => {
    const raw = (await setup.connect()).duplicate([], { lazyConnect: true }) as Cluster;
    const redis = tickpipe(raw, { maxPending: 4 });
    const scope = redis.tickpipe.scope();
    const replies = await Promise.all([
      scope.redis.pipeline().set("{p}", 1).incr("{p}").exec(),
      scope.redis.multi().incr("{p}").exec(),
    ]);
    expect(replies).toEqual([
      [
        [null, "OK"],
        [null, 2],
      ],
      [[null, 3]],
    ]);
    expect(scope.stats()).toMatchObject({ commands: 5, errors: 0 });
    expect(redis.tickpipe.stats()).toMatchObject({ commands: 5, overloads: 0 });
    raw.disconnect();
  });

  it("writes nothing to nodes that nothing was called for", async () => {
    const raw = await connect();
    const redis = tickpipe(raw);
    const writes = countNodeWrites(raw, "all");
    await Promise.all([redis.get("{a}1"), redis.get("{a}2")]);
    expect(writes.take().filter((count) => count > 0)).toEqual([1]);
    for (const node of raw.nodes()) expect(node.stream.writableCorked).toBe(0);
  });

  it.each(["nextTick", "microtask"] as const)("holds with flush: %s", async (flush) => {
    const raw = await connect();
    const redis = tickpipe(raw, { flush });
    const writes = countNodeWrites(raw);
    await Promise.all(keys.map((key) => redis.get(key)));
    expect(writes.take()).toEqual([1, 1, 1]);
  });

  it("lets the batch of a node go early when it is large, and that of no other", async () => {
    const raw = await connect();
    const redis = tickpipe(raw, { maxBatchBytes: 10_000 });
    const writes = countNodeWrites(raw);
    const large = "x".repeat(6_000);
    await Promise.all([...range(4).map((i) => redis.set(`{a}${i}`, large)), redis.set("{b}", 1), redis.set("{c}", 1)]);
    expect(writes.take().sort()).toEqual([1, 1, 2]);
    expect(redis.tickpipe.stats()).toMatchObject({ batches: 4, earlyFlushes: 2 });
  });

  it("goes on when a flush is asked for in mid-tick", async () => {
    const raw = await connect();
    const redis = tickpipe(raw);
    const writes = countNodeWrites(raw);
    const first = keys.map((key) => redis.get(key));
    redis.tickpipe.flush();
    expect(writes.take()).toEqual([1, 1, 1]);
    await Promise.all([...first, ...keys.map((key) => redis.strlen(key))]);
    expect(writes.take()).toEqual([1, 1, 1]);
  });

  it("sends reads to replicas with scaleReads, in one write to each", async () => {
    const raw = await connect({ scaleReads: "slave" });
    const redis = tickpipe(raw);
    const writes = { masters: countNodeWrites(raw), replicas: countNodeWrites(raw, "slave") };
    await Promise.all(keys.map((key) => redis.get(key)));
    expect(writes.masters.take()).toEqual([0, 0, 0]);
    expect(writes.replicas.take()).toEqual([1, 1, 1]);
    await Promise.all(keys.map((key) => redis.set(key, 1)));
    expect(writes.masters.take()).toEqual([1, 1, 1]);
  });

  it("gathers on a node's new connection", async () => {
    const raw = await connect();
    const redis = tickpipe(raw);
    const [node] = raw.nodes("master");
    if (!node) throw new Error("Expected a master.");
    const gone = once(node, "end");
    node.disconnect();
    await gone;
    await Promise.all(keys.map((key) => redis.get(key)));
    await connectAll(raw);
    expect(raw.nodes("master")).toHaveLength(3);
    const writes = countNodeWrites(raw);
    await Promise.all(keys.map((key) => redis.get(key)));
    expect(writes.take()).toEqual([1, 1, 1]);
  });

  it("gathers again when the client was disconnected and connects anew", async () => {
    const raw = await connect();
    const redis = tickpipe(raw);
    const ended = once(raw, "end");
    redis.disconnect();
    await ended;
    await redis.connect();
    await connectAll(raw);
    const writes = countNodeWrites(raw);
    await Promise.all(keys.map((key) => redis.get(key)));
    expect(writes.take()).toEqual([1, 1, 1]);
    await redis.rpush("{again}", 1);
    expect(await redis.blpop("{again}", 1)).toEqual(["{again}", "1"]);
  });

  it("keeps the order of calls on one node", async () => {
    const redis = tickpipe(await connect());
    const calls = range(50).map((i) => (i % 2 === 0 ? redis.incr("{n}") : redis.call("INCR", "{n}")));
    expect(await Promise.all([redis.set("{n}", 0), ...calls])).toEqual(["OK", ...range(50).map((i) => i + 1)]);
  });
});
