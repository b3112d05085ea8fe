import { tickpipe } from "@tickpipe/core";
import type { Cluster, ClusterOptions, NodeRole, Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { connectAll, keyOn } from "./client-nodes.ts";
import { useCluster } from "./cluster-sides.ts";

const setup = useCluster();
const connect = async (options?: ClusterOptions) => connectAll(await setup.connect(options));

/** How many GETs the nodes have run. */
async function getsRun(cluster: Cluster, role: NodeRole = "all"): Promise<number> {
  const stats = await Promise.all(cluster.nodes(role).map((node) => node.info("commandstats")));
  return stats.reduce((sum, text) => sum + Number(/cmdstat_get:calls=(\d+)/.exec(text)?.[1] ?? 0), 0);
}

describe("reads that are shared on a cluster", () => {
  it("go to their nodes once, and give each caller its own reply", async () => {
    const raw = await connect();
    const redis = tickpipe(raw);
    const keys = range(12).map((i) => `shared ${i}`);
    await Promise.all(keys.map((key, i) => redis.hset(key, { i })));
    await Promise.all(keys.map((key, i) => redis.set(`text of ${key}`, i)));
    const before = await getsRun(raw);
    const three = () => [...keys, ...keys, ...keys];
    expect(await Promise.all(three().map((key) => redis.get(`text of ${key}`)))).toEqual(
      range(36).map((i) => String(i % 12)),
    );
    expect((await getsRun(raw)) - before).toBe(12);
    const [first, second] = await Promise.all([redis.hgetall("shared 1"), redis.hgetall("shared 1")]);
    expect(first).toEqual({ i: "1" });
    expect(second).toEqual(first);
    expect(second).not.toBe(first);
    expect(redis.tickpipe.stats().deduplicated).toBe(25);
  });

  it("are sent again after a write, through the view, in a pipeline or a script, or on the raw client", async () => {
    const raw = await connect();
    const redis = tickpipe(raw);
    const calls = (write: () => unknown) => Promise.all([redis.get("w"), write(), redis.get("w")]);
    expect(await calls(() => redis.set("w", 1))).toEqual([null, "OK", "1"]);
    expect(await calls(() => raw.set("w", 2))).toEqual(["1", "OK", "2"]);
    expect((await calls(() => redis.pipeline().set("w", 3).exec()))[2]).toBe("3");
    expect((await calls(() => raw.multi().set("w", 4).exec()))[2]).toBe("4");
    expect((await calls(() => redis.eval("redis.call('set', KEYS[1], 5)", 1, "w")))[2]).toBe("5");
    expect(redis.tickpipe.stats().deduplicated).toBe(0);
  });

  it("are shared past a write to another key", async () => {
    const redis = tickpipe(await connect());
    await Promise.all([redis.get("one"), redis.set("another", 1), redis.get("one")]);
    expect(redis.tickpipe.stats().deduplicated).toBe(1);
  });

  it("are not shared once they have left", async () => {
    const redis = tickpipe(await connect(), { maxBatchBytes: 1000 });
    await Promise.all([redis.get("{a}"), redis.set("{a}2", "x".repeat(2000)), redis.get("{a}")]);
    redis.get("{b}");
    redis.tickpipe.flush();
    await redis.get("{b}");
    expect(redis.tickpipe.stats().deduplicated).toBe(0);
  });

  it.each(["slave", "all"] as const)(
    "are one read of a replica with scaleReads: %s, and never cross a write",
    async (scaleReads) => {
      const raw = await connect({ scaleReads });
      const redis = tickpipe(raw);
      const before = await getsRun(raw);
      await Promise.all([redis.get("r"), redis.get("r"), redis.set("r", 1), redis.get("r")]);
      expect((await getsRun(raw)) - before).toBe(2);
      expect(redis.tickpipe.stats().deduplicated).toBe(1);
    },
  );

  it("are not shared where a function of the user's chooses the node for each", async () => {
    const asked: string[] = [];
    const raw = await connect({
      scaleReads: (nodes: Redis[], command: { readonly name: string }) => {
        asked.push(command.name);
        return nodes[nodes.length - 1] ?? null;
      },
    });
    const redis = tickpipe(raw);
    await Promise.all([redis.get("f"), redis.get("f")]);
    expect(asked.filter((name) => name === "get")).toHaveLength(2);
    expect(redis.tickpipe.stats().deduplicated).toBe(0);
  });

  it("settle in their turn among the calls to their node", async () => {
    const redis = tickpipe(await connect());
    const order: string[] = [];
    const note = (name: string, call: Promise<unknown>) => call.then(() => order.push(name));
    await Promise.all([
      note("first", redis.get("{o}1")),
      note("between", redis.get("{o}2")),
      note("shared", redis.get("{o}1")),
      note("last", redis.get("{o}3")),
    ]);
    expect(order).toEqual(["first", "between", "shared", "last"]);
  });

  it("do not wait for a node that has stalled", async () => {
    const redis = tickpipe(await connect());
    const [first, second] = setup.cluster.nodes;
    if (!first || !second) throw new Error("Expected two masters.");
    const [slow, quick] = [keyOn(redis, first.port), keyOn(redis, second.port)];
    setup.cluster.stall(first.port);
    const waiting = redis.get(slow);
    expect(await Promise.all([redis.get(quick), redis.get(quick)])).toEqual([null, null]);
    setup.cluster.goOn(first.port);
    expect(await waiting).toBeNull();
    expect(redis.tickpipe.stats().deduplicated).toBe(1);
  });
});
