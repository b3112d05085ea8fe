import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { type ClusterNode, eventually, failOverTo, HOST, moveSlots, slotOf, slotOwners } from "@tickpipe/test-support";
import { type Cluster, type ClusterOptions, Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { connectAll, keyOn, portOf } from "./client-nodes.ts";
import { useCluster } from "./cluster-sides.ts";
import { clusterVariants } from "./cluster-variants.ts";

const setup = useCluster();
const connect = async (options?: ClusterOptions) => tickpipe(await connectAll(await setup.connect(options)));

/** The node that has a slot, and another master. */
async function fromAndTo(slot: number): Promise<{ readonly from: ClusterNode; readonly to: ClusterNode }> {
  const { nodes } = setup.cluster;
  const { masterOf, masters } = await slotOwners(nodes[0]?.port ?? 0);
  const from = nodes.find(({ port }) => port === masterOf(slot));
  const to = nodes.find(({ port }) => masters.includes(port) && port !== from?.port);
  if (!from || !to) throw new Error("Expected two masters.");
  return { from, to };
}

/** Adds one to a counter, by reading it. */
function increment(redis: Tickpiped<Cluster>, key: string, between?: () => unknown) {
  return redis.tickpipe.transaction([key], async (tx) => {
    const value = Number(await tx.get(key));
    await between?.();
    return tx.multi().set(key, value + 1);
  });
}

describe.each(clusterVariants)("$name", ({ make }) => {
  const made: Cluster[] = [];
  afterEach(() => {
    for (const client of made.splice(0)) client.disconnect();
  });

  it("runs a transaction on the node that has the keys, and again when one of them has changed", async () => {
    const raw = make(setup.cluster.nodes, { keyPrefix: "app:" });
    made.push(raw);
    const redis = tickpipe(raw);
    redis.defineCommand("twice", { numberOfKeys: 1, lua: "return redis.call('get', KEYS[1]) * 2" });
    await redis.set("{t}n", 5);
    let runs = 0;
    const replies = await redis.tickpipe.transaction(["{t}n", Buffer.from("{t}m")], async (tx) => {
      runs += 1;
      const value = Number(await tx.get("{t}n"));
      if (runs === 1) await redis.set("{t}m", "changed by others");
      const doubled = await (tx as unknown as { twice(key: string): Promise<number> }).twice("{t}n");
      return tx
        .multi()
        .set("{t}n", value + doubled)
        .get("{t}n")
        .getBuffer("{t}m");
    });
    expect(runs).toBe(2);
    expect(replies).toEqual([
      [null, "OK"],
      [null, "15"],
      [null, Buffer.from("changed by others")],
    ]);
    expect(await (await setup.connect()).get("app:{t}n")).toBe("15");
    expect(redis.tickpipe.stats()).toMatchObject({ transactionConnections: 1 });
    // The handshakes of nodes that were not called may still be under way.
    await eventually("nothing is pending", () => redis.tickpipe.stats().pending === 0);
  });
});

describe("transactions on a cluster", () => {
  it("refuse keys of several slots before anything is sent", async () => {
    const redis = await connect();
    const ran: string[] = [];
    const call = redis.tickpipe.transaction(["a", "b"], () => {
      ran.push("fn");
      return null;
    });
    await expect(call).rejects.toMatchObject({ name: "TickpipeError", code: "ERR_TICKPIPE_CROSS_SLOT" });
    await expect(call).rejects.toThrow("hash tag");
    expect(ran).toEqual([]);
    expect(redis.tickpipe.stats()).toMatchObject({ transactionConnections: 0 });
  });

  it("say so when another slot's key is used in them, and execute nothing", async () => {
    const redis = await connect();
    const [one, two] = setup.cluster.nodes.map(({ port }) => port);
    const [watched, elsewhere] = [keyOn(redis, one ?? 0), keyOn(redis, two ?? 0)];
    let runs = 0;
    const reading = redis.tickpipe.transaction([watched], async (tx) => {
      runs += 1;
      await tx.get(elsewhere);
      return tx.multi().set(watched, "x");
    });
    await expect(reading).rejects.toMatchObject({ code: "ERR_TICKPIPE_CROSS_SLOT" });
    const writing = redis.tickpipe.transaction([watched], (tx) => {
      runs += 1;
      return tx.multi().set(watched, "x").set(elsewhere, "x");
    });
    await expect(writing).rejects.toMatchObject({ code: "ERR_TICKPIPE_CROSS_SLOT" });
    expect(runs).toBe(2);
    expect(await redis.exists(watched)).toBe(0);
    expect(await redis.exists(elsewhere)).toBe(0);
    expect(String(await reading.catch((error) => error))).not.toContain(elsewhere);
  });

  it("have a tx of one node, which says what it is not", async () => {
    const redis = await connect();
    const call = redis.tickpipe.transaction(["{tx}"], (tx) => {
      tx.nodes();
      return null;
    });
    await expect(call).rejects.toMatchObject({ code: "ERR_TICKPIPE_TRANSACTION_MISUSE" });
  });

  it("count once each under contention", async () => {
    const [redis, other] = [await connect(), await connect()];
    await Promise.all(range(30).map((i) => increment(i % 2 ? redis : other, "{busy}")));
    expect(await redis.get("{busy}")).toBe("30");
  });

  it("are never executed without their WATCH: a lost connection has them run again", async () => {
    const redis = await connect();
    const control = new Redis({ host: HOST, port: portOf(redis, "{lost}") });
    let runs = 0;
    await redis.tickpipe.transaction(["{lost}"], async (tx) => {
      runs += 1;
      const value = Number(await tx.get("{lost}"));
      if (runs === 1) {
        await control.incrby("{lost}", 10);
        await control.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        // By now the connection is seen to be gone.
        await tx.ping().catch(() => {});
      }
      return tx.multi().set("{lost}", value + 1);
    });
    control.disconnect();
    expect(runs).toBe(2);
    expect(await redis.get("{lost}")).toBe("11");
  });

  it("follow their slot to another node between WATCH and EXEC", async () => {
    const redis = await connect();
    const slot = slotOf("{moved}");
    const { from, to } = await fromAndTo(slot);
    await redis.set("{moved}", 1);
    let runs = 0;
    await increment(redis, "{moved}", async () => {
      runs += 1;
      if (runs > 1) return;
      await moveSlots(setup.cluster, { from, to, slots: [slot] });
      const other = await setup.connect();
      await other.incrby("{moved}", 10);
    });
    expect(runs).toBe(2);
    expect(await redis.get("{moved}")).toBe("12");
    // And one that is begun with the connection to the old node still there.
    await increment(redis, "{moved}");
    expect(await redis.get("{moved}")).toBe("13");
  });

  it("follow a failover between WATCH and EXEC", async () => {
    const redis = await connect();
    const slot = slotOf("{failed}");
    const owners = await slotOwners(setup.cluster.nodes[0]?.port ?? 0);
    const [replica = 0] = owners.replicasOf(owners.masterOf(slot));
    await redis.set("{failed}", 1);
    let runs = 0;
    await increment(redis, "{failed}", async () => {
      runs += 1;
      if (runs === 1) await failOverTo(setup.cluster, replica, slot);
    });
    expect(runs).toBe(2);
    expect(await redis.get("{failed}")).toBe("2");
    await setup.cluster.untilWhole();
  });

  it("give up, saying why, when their slot is on its way for longer than they try", async () => {
    const redis = await connect();
    const slot = slotOf("{stuck}");
    const { from, to } = await fromAndTo(slot);
    const [source, target] = [from, to].map(({ port }) => new Redis({ host: HOST, port }));
    await target?.call("CLUSTER", "SETSLOT", slot, "IMPORTING", from.id);
    await source?.call("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id);
    const call = redis.tickpipe.transaction(["{stuck}"], (tx) => tx.multi().set("{stuck}", 1), { retries: 1 });
    await expect(call).rejects.toMatchObject({
      code: "ERR_TICKPIPE_SLOT_MOVING",
      cause: expect.objectContaining({ message: expect.stringContaining("ASK") }),
    });
    for (const node of [source, target]) {
      await node?.call("CLUSTER", "SETSLOT", slot, "STABLE");
      node?.disconnect();
    }
    await redis.tickpipe.transaction(["{stuck}"], (tx) => tx.multi().set("{stuck}", 1));
    expect(await redis.get("{stuck}")).toBe("1");
  });

  it("may be begun before the cluster is ready, and fail when it ends", async () => {
    const raw = (await setup.connect()).duplicate([], { lazyConnect: true }) as Cluster;
    const redis = tickpipe(raw);
    await increment(redis, "{early}");
    expect(await redis.get("{early}")).toBe("1");
    raw.disconnect();
    await expect(increment(redis, "{early}")).rejects.toThrow();
  });
});
