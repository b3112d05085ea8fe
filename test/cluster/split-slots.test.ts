import { type TickpipeSplitError, tickpipe } from "@tickpipe/core";
import { HOST } from "@tickpipe/test-support";
import { type Cluster, type ClusterOptions, Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { connectAll, countNodeWrites, keyOn, portOf } from "./client-nodes.ts";
import { useCluster } from "./cluster-sides.ts";
import { clusterVariants } from "./cluster-variants.ts";

const setup = useCluster();
const keys = range(20).map((i) => `split ${i}`);

describe.each(clusterVariants)("$name", ({ make }) => {
  const made: Cluster[] = [];
  afterEach(() => {
    for (const client of made.splice(0)) client.disconnect();
  });
  const connect = async (options?: ClusterOptions) => {
    const raw = make(setup.cluster.nodes, options);
    made.push(raw);
    return { raw, redis: tickpipe(await connectAll(raw), { splitSlots: true }) };
  };

  it("answers calls over several slots in the caller's order, in one write to each node", async () => {
    const { raw, redis } = await connect();
    const writes = countNodeWrites(raw);
    expect(await redis.mset(Object.fromEntries(keys.map((key, i) => [key, i])))).toBe("OK");
    expect(writes.take()).toEqual([1, 1, 1]);
    const asked = ["missing", ...keys.toReversed(), "split 3", "split 3"];
    const expected = [null, ...range(20).reverse().map(String), "3", "3"];
    expect(await redis.mget(...asked)).toEqual(expected);
    expect(writes.take()).toEqual([1, 1, 1]);
    expect(await redis.mget(asked)).toEqual(expected);
    const buffers = await redis.mgetBuffer(asked.map((key) => Buffer.from(key)));
    expect(buffers).toEqual(expected.map((text) => text && Buffer.from(text)));
    expect(await redis.exists(...asked)).toBe(22);
    expect(await redis.touch(keys)).toBe(20);
    expect(await redis.unlink("missing", "split 0", "split 1")).toBe(2);
    expect(await redis.del(keys)).toBe(18);
    expect(await redis.mget(...keys)).toEqual(keys.map(() => null));
  });

  it("takes every form of MSET, callbacks, numbers and Buffers", async () => {
    const { redis } = await connect({ keyPrefix: "p:" });
    await redis.mset(
      new Map([
        ["m1", "1"],
        ["m2", "2"],
        ["m3", "3"],
      ]),
    );
    await redis.mset("m4", 4, Buffer.from("m5"), Buffer.from([0, 255]));
    await redis.mset(["m6", 6, "m7", 7]);
    expect(await redis.mgetBuffer("m5", "m4")).toEqual([Buffer.from([0, 255]), Buffer.from("4")]);
    const seen: unknown[] = [];
    const reply = await redis.mget("m1", "m6", "m7", (error, values) => seen.push([error, values]));
    await new Promise((resolve) => setImmediate(resolve));
    expect(reply).toEqual(["1", "6", "7"]);
    expect(seen).toEqual([[null, ["1", "6", "7"]]]);
    const plain = await setup.connect();
    expect(await plain.get("p:m2")).toBe("2");
  });
});

describe("splitSlots", () => {
  const connect = async (options?: ClusterOptions, more = {}) =>
    tickpipe(await connectAll(await setup.connect(options)), { splitSlots: true, ...more });

  it("is off by default: the plain client's error", async () => {
    const redis = tickpipe(await connectAll(await setup.connect()));
    await expect(redis.mget("a", "b")).rejects.toThrow("CROSSSLOT");
  });

  it("leaves alone what is in one slot, and pipelines, transactions and calls by name", async () => {
    const redis = await connect();
    await redis.mset({ "{one}a": 1, "{one}b": 2 });
    expect(redis.tickpipe.stats().commands).toBe(1);
    await expect(redis.call("mget", "a", "b")).rejects.toThrow("CROSSSLOT");
    await expect(redis.pipeline().mget("a", "b").exec()).rejects.toThrow("same slot");
  });

  it("leaves wrong calls to the nodes, which say what is wrong", async () => {
    const redis = await connect();
    const wrong = (client: Cluster) =>
      Promise.allSettled([client.mset("a", 1, "b"), client.call("mget"), client.mset({}), client.del([])]);
    expect(await wrong(redis)).toEqual(await wrong(redis.tickpipe.client));
  });

  it("says which keys failed and why, without naming them", async () => {
    const redis = await connect({ redisOptions: { commandTimeout: 300 } });
    const [first, second] = setup.cluster.nodes.map(({ port }) => port);
    const [slow, quick] = [keyOn(redis, first ?? 0), keyOn(redis, second ?? 0)];
    await redis.set(quick, 1);
    setup.cluster.stall(first ?? 0);
    const error = await redis.del("other", quick, slow).catch((reason: TickpipeSplitError) => reason);
    setup.cluster.goOn(first ?? 0);
    const slowToo = portOf(redis, "other") === first ? [0] : [];
    expect(error).toMatchObject({
      name: "TickpipeError",
      code: "ERR_TICKPIPE_SPLIT_FAILED",
      failedKeys: [...slowToo, 2],
      cause: expect.objectContaining({ message: "Command timed out" }),
    });
    expect((error as TickpipeSplitError).causes).toHaveLength(slowToo.length + 1);
    expect(String(error)).not.toContain(slow);
    // The others have taken effect.
    expect(await redis.exists(quick)).toBe(0);
  });

  it("reports an error of a node for its keys alone", async () => {
    const redis = await connect();
    const [first, second] = setup.cluster.nodes.map(({ port }) => port);
    const [refused, taken] = [keyOn(redis, first ?? 0), keyOn(redis, second ?? 0)];
    const node = new Redis({ host: HOST, port: first ?? 0 });
    await node.call("ACL", "SETUSER", "default", "-mset");
    const error = await redis.mset(refused, 1, taken, 2).catch((reason: unknown) => reason);
    await node.call("ACL", "SETUSER", "default", "+mset");
    node.disconnect();
    expect(error).toMatchObject({ code: "ERR_TICKPIPE_SPLIT_FAILED", failedKeys: [0] });
    expect(String((error as Error).cause)).toContain("NOPERM");
    expect(await redis.get(taken)).toBe("2");
  });

  it("counts each part against the caps and in scopes", async () => {
    const redis = await connect({}, { maxPending: 2 });
    await expect(redis.mget("a", "b", "c")).rejects.toMatchObject({ code: "ERR_TICKPIPE_OVERLOADED" });
    const scope = redis.tickpipe.scope();
    await scope.redis.mget("a", "b");
    expect(scope.stats()).toMatchObject({ commands: 2, roundTrips: 1 });
  });

  it("adds up replies that are text, with stringNumbers", async () => {
    const redis = await connect({ redisOptions: { stringNumbers: true } });
    await redis.mset({ s1: 1, s2: 2, s3: 3 });
    expect(await redis.del("s1", "s2", "s3")).toBe("3");
  });

  it("shares reads among its parts and other calls, and a memo keeps the whole", async () => {
    const redis = await connect();
    await redis.mset({ a: 1, b: 2 });
    expect(await Promise.all([redis.mget("a", "b"), redis.mget("b", "a")])).toEqual([
      ["1", "2"],
      ["2", "1"],
    ]);
    expect(redis.tickpipe.stats().deduplicated).toBe(2);
    const scope = redis.tickpipe.scope({ memo: true });
    await scope.redis.mget("a", "b");
    expect(await scope.redis.mget("a", "b")).toEqual(["1", "2"]);
    expect(scope.stats()).toMatchObject({ memoHits: 1 });
    await scope.redis.set("b", 3);
    expect(await scope.redis.mget("a", "b")).toEqual(["1", "3"]);
  });

  it("does nothing with a client for one server", async () => {
    const node = new Redis({ host: HOST, port: setup.cluster.nodes[0]?.port ?? 0 });
    const redis = tickpipe(node, { splitSlots: true });
    await expect(redis.mget("a", "b")).rejects.toThrow("CROSSSLOT");
    node.disconnect();
  });
});
