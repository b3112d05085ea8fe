import { tickpipe } from "@tickpipe/core";
import { eventually, slotOf } from "@tickpipe/test-support";
import type { Cluster, ClusterOptions } from "ioredis";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { codes, OVERLOADED } from "../limits.ts";
import { connectAll, keyOn } from "./client-nodes.ts";
import { useCluster } from "./cluster-sides.ts";

const setup = useCluster();
const connect = async (options?: ClusterOptions) => connectAll(await setup.connect(options));
const masters = () => setup.cluster.nodes.slice(0, 3).map(({ port }) => port);

describe("caps on a cluster", () => {
  it("count what is pending on all nodes together", async () => {
    const redis = tickpipe(await connect(), { maxPending: 10 });
    const settled = await Promise.allSettled(range(12).map((i) => redis.set(`cap ${i}`, i)));
    expect(codes(settled)).toEqual([...range(10).map(() => "OK"), OVERLOADED, OVERLOADED]);
    expect(redis.tickpipe.stats()).toMatchObject({ pending: 0, overloads: 2 });
    expect(await redis.get("cap 9")).toBe("9");
  });

  it("count the bytes of all nodes together", async () => {
    const redis = tickpipe(await connect(), { maxPendingBytes: 2_000 });
    const text = "x".repeat(900);
    const settled = await Promise.allSettled(range(3).map((i) => redis.set(`b${i}`, text)));
    expect(codes(settled)).toEqual(["OK", "OK", OVERLOADED]);
    expect(await redis.set("b3", text)).toBe("OK");
  });

  it("count what waits for the cluster to be ready", async () => {
    const raw = (await setup.connect()).duplicate([], { lazyConnect: true }) as Cluster;
    const redis = tickpipe(raw, { maxPending: 3 });
    const settled = await Promise.allSettled(range(5).map((i) => redis.set(`early ${i}`, i)));
    expect(codes(settled)).toEqual(["OK", "OK", "OK", OVERLOADED, OVERLOADED]);
    raw.disconnect();
  });

  it("let calls wait for room, which one node makes while another is stalled", async () => {
    const raw = await connect();
    const redis = tickpipe(raw, { maxPending: 3, whenFull: "wait" });
    const [first = 0, second = 0] = masters();
    const [slow, quick] = [keyOn(redis, first), keyOn(redis, second)];
    setup.cluster.stall(first);
    const stuck = [redis.get(slow), redis.strlen(slow)];
    expect(await Promise.all(range(20).map((i) => redis.setnx(`{${tagOf(quick)}}${i}`, i)))).toHaveLength(20);
    setup.cluster.goOn(first);
    expect(await Promise.all(stuck)).toEqual([null, 0]);
    expect(redis.tickpipe.stats()).toMatchObject({ waiting: 0, pending: 0 });
  });

  it("count what a cluster will send again, and let the waiting go on afterwards", async () => {
    const raw = await connect({ retryDelayOnTryAgain: 50, retryDelayOnFailover: 50 });
    const redis = tickpipe(raw, { maxPending: 1, whenFull: "wait" });
    const [first = 0] = masters();
    const key = keyOn(redis, first);
    const [node] = raw.nodes().filter(({ options }) => options.port === first);
    setup.cluster.stall(first);
    const lost = redis.set(key, 1);
    const waiting = redis.get(key);
    // ioredis sends a command again whose connection is gone.
    node?.disconnect();
    await eventually("the command waits to be sent again", () => redis.tickpipe.stats().pending === 1);
    expect(redis.tickpipe.stats().waiting).toBe(1);
    setup.cluster.goOn(first);
    expect(await Promise.all([lost, waiting])).toEqual(["OK", "1"]);
  });
});

/** What hashes to the same slot in braces as the key by itself. */
function tagOf(key: string): string {
  if (slotOf(key) !== slotOf(`{${key}}`)) throw new Error("Expected a key without braces.");
  return key;
}
