import { once } from "node:events";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { eventually, failOverTo, HOST, moveSlots, slotOf, slotOwners, untilMaster } from "@tickpipe/test-support";
import { type Cluster, type ClusterOptions, Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { connectAll, portOf } from "./client-nodes.ts";
import { useCluster } from "./cluster-sides.ts";
import { clusterVariants } from "./cluster-variants.ts";

const setup = useCluster();

/** Waits until the node that has a key holds so many blocked clients. */
async function untilBlocked(key: string, count: number, asked = setup.cluster.nodes[0]?.port ?? 0): Promise<void> {
  await eventually(`${count} clients are blocked`, async () => {
    const { masterOf } = await slotOwners(asked);
    const node = new Redis({ host: HOST, port: masterOf(key) });
    const info = await node.info("clients").finally(() => node.disconnect());
    return info.includes(`blocked_clients:${count}\r`);
  });
}

describe.each(clusterVariants)("$name", ({ make }) => {
  const made: Cluster[] = [];
  afterEach(() => {
    for (const client of made.splice(0)) client.disconnect();
  });
  const connect = async (options?: ClusterOptions): Promise<Tickpiped<Cluster>> => {
    const client = make(setup.cluster.nodes, options);
    made.push(client);
    return tickpipe(await connectAll(client), { blocking: "isolate" });
  };

  it("holds up no other call to the same node, and answers when there is something", async () => {
    const redis = await connect({ keyPrefix: "{list}:" });
    const waiting = redis.blpop("a", 0);
    const buffers = redis.brpopBuffer("b", 0);
    const generic = redis.call("blpop", "c", "0");
    const seen: unknown[] = [];
    const withCallback = redis.blpop("d", 0, (error, reply) => seen.push([error, reply]));
    expect(await Promise.all([redis.set("k", 1), redis.get("k")])).toEqual(["OK", "1"]);
    await untilBlocked("{list}:a", 4);
    expect(redis.tickpipe.stats()).toMatchObject({ blockingConnections: 4, pending: 4 });
    await Promise.all(["a", "b", "c", "d"].map((key) => redis.rpush(key, key)));
    expect(await waiting).toEqual(["{list}:a", "a"]);
    expect(await buffers).toEqual([Buffer.from("{list}:b"), Buffer.from("b")]);
    expect(await generic).toEqual(["{list}:c", "c"]);
    expect(await withCallback).toEqual(["{list}:d", "d"]);
    await eventually("the callback was called", () => seen.length === 1);
    expect(seen).toEqual([[null, ["{list}:d", "d"]]]);
    expect(redis.tickpipe.stats().pending).toBe(0);
  });
});

describe("blocking calls on a cluster", () => {
  const connect = async (options?: ClusterOptions) =>
    tickpipe(await connectAll(await setup.connect(options)), { blocking: "isolate" });

  it("have one connection to their node each, which the next one takes over", async () => {
    const redis = await connect();
    await redis.rpush("{conn}", ...range(5));
    for (const i of range(5)) expect(await redis.blpop("{conn}", 0)).toEqual(["{conn}", String(i)]);
    expect(redis.tickpipe.stats().blockingConnections).toBe(1);
    const before = await connectionCounts();
    const waiting = range(3).map(() => redis.blpop("{conn}", 0));
    await untilBlocked("{conn}", 3);
    const after = await connectionCounts();
    // Two more than the one that was there, and to no other node.
    expect(after.map((count, i) => count - (before[i] ?? 0)).sort()).toEqual([0, 0, 2]);
    await redis.rpush("{conn}", 1, 2, 3);
    await Promise.all(waiting);
  });

  it("leave no idle connection to a node that has left", async () => {
    const redis = await connect();
    await redis.rpush("{left}", 1);
    await redis.blpop("{left}", 1);
    expect(redis.tickpipe.stats().blockingConnections).toBe(1);
    const node = redis.nodes("master").find(({ options }) => options.port === portOf(redis, "{left}"));
    node?.disconnect();
    await eventually("the idle connection is closed", () => redis.tickpipe.stats().blockingConnections === 0);
    await redis.rpush("{left}", 2);
    expect(await redis.blpop("{left}", 1)).toEqual(["{left}", "2"]);
  });

  it("come after what was called before them", async () => {
    const redis = await connect();
    const [, popped] = await Promise.all([redis.rpush("{after}", "mine"), redis.blpop("{after}", 1)]);
    expect(popped).toEqual(["{after}", "mine"]);
  });

  it("read streams with BLOCK by the key after STREAMS", async () => {
    const redis = await connect();
    const read = redis.xread("BLOCK", 0, "STREAMS", "{stream}", "$");
    await untilBlocked("{stream}", 1);
    const id = await redis.xadd("{stream}", "*", "f", "v");
    expect(await read).toEqual([["{stream}", [[id, ["f", "v"]]]]]);
  });

  it("may be called before the cluster is ready", async () => {
    const raw = await setup.connect();
    await raw.rpush("{early}", "bird");
    const redis = tickpipe(raw.duplicate([], { lazyConnect: true }) as Cluster, { blocking: "isolate" });
    expect(await redis.blpop("{early}", 5)).toEqual(["{early}", "bird"]);
    redis.disconnect();
  });

  it("fail as on the plain client: over several slots, with a wrong type, and without a key", async () => {
    const raw = await connectAll(await setup.connect());
    const redis = tickpipe(raw, { blocking: "isolate" });
    await raw.set("{text}", 1);
    const calls = (client: Cluster) =>
      Promise.allSettled([client.blpop("a", "b", 1), client.blpop("{text}", 1), client.call("blpop")]);
    const outcome = (settled: PromiseSettledResult<unknown>) =>
      settled.status === "rejected" ? String(settled.reason) : settled.value;
    expect((await calls(redis)).map(outcome)).toEqual((await calls(raw)).map(outcome));
  });

  it("end with the client", async () => {
    const redis = await connect();
    const waiting = redis.blpop("{end}", 0);
    const refused = expect(waiting).rejects.toThrow("Connection is closed.");
    await untilBlocked("{end}", 1);
    const ended = once(redis, "end");
    await redis.quit();
    await ended;
    await refused;
    await expect(redis.blpop("{end}", 0)).rejects.toThrow("Connection is closed.");
    expect(redis.tickpipe.stats()).toMatchObject({ blockingConnections: 0, pending: 0 });
  });

  it("end after commandTimeout, with their connection", async () => {
    const redis = await connect({ redisOptions: { commandTimeout: 400 } });
    await expect(redis.blpop("{timeout}", 0)).rejects.toThrow("Command timed out");
    expect(redis.tickpipe.stats().blockingConnections).toBe(0);
    expect(await redis.rpush("{timeout}", "kept")).toBe(1);
    expect(await redis.llen("{timeout}")).toBe(1);
  });

  it("count as pending, and take no room of maxPending, which would keep out the push that they wait for", async () => {
    const redis = tickpipe(await connectAll(await setup.connect()), { maxPending: 2, blocking: "isolate" });
    const waiting = [redis.blpop("{cap}", 0), redis.blpop("{cap}", 0)];
    await untilBlocked("{cap}", 2);
    expect(redis.tickpipe.stats().pending).toBe(2);
    await redis.rpush("{cap}", "a", "b");
    await Promise.all(waiting);
    expect(await redis.get("{cap}k")).toBeNull();
  });

  it("follow their slot to another node while they wait", async () => {
    const redis = await connect();
    const { nodes } = setup.cluster;
    const slot = slotOf("{moving}");
    const { masterOf } = await slotOwners(nodes[0]?.port ?? 0);
    const from = nodes.find(({ port }) => port === masterOf(slot));
    const to = nodes.find(({ port, madeAs }) => madeAs === "master" && port !== from?.port);
    if (!from || !to) throw new Error("Expected two masters.");
    const waiting = redis.blpop("{moving}", 0);
    await untilBlocked("{moving}", 1);
    await moveSlots(setup.cluster, { from, to, slots: [slot] });
    await untilBlocked("{moving}", 1);
    await redis.rpush("{moving}", "found");
    expect(await waiting).toEqual(["{moving}", "found"]);
    expect(portOf(redis, "{moving}")).toBe(to.port);
  });

  it("ask the other node for a key that is on its way there", async () => {
    const redis = await connect();
    const { nodes } = setup.cluster;
    const slot = slotOf("{asked}");
    const { masterOf, masters } = await slotOwners(nodes[0]?.port ?? 0);
    const from = nodes.find(({ port }) => port === masterOf(slot));
    const to = nodes.find(({ port }) => masters.includes(port) && port !== from?.port);
    const [source, target] = [from, to].map((node) => new Redis({ host: HOST, port: node?.port ?? 0 }));
    await target?.call("CLUSTER", "SETSLOT", slot, "IMPORTING", from?.id ?? "");
    await source?.call("CLUSTER", "SETSLOT", slot, "MIGRATING", to?.id ?? "");
    const waiting = redis.blpop("{asked}", 0);
    await eventually("the call is blocked at the other node", async () =>
      String(await target?.info("clients")).includes("blocked_clients:1\r"),
    );
    await redis.rpush("{asked}", "found");
    expect(await waiting).toEqual(["{asked}", "found"]);
    for (const node of [source, target]) {
      await node?.call("CLUSTER", "SETSLOT", slot, "STABLE");
      node?.disconnect();
    }
  });

  it("are told of a failover that an operator asks for, as on the plain client", async () => {
    const raw = await connectAll(await setup.connect());
    const redis = await connect();
    const slot = slotOf("{operator}");
    const owners = await slotOwners(setup.cluster.nodes[0]?.port ?? 0);
    const [replica = 0] = owners.replicasOf(owners.masterOf(slot));
    const told = Promise.allSettled([raw.blpop("{operator}", 0), redis.blpop("{operator}", 0)]);
    await untilBlocked("{operator}", 2);
    await failOverTo(setup.cluster, replica, slot);
    const [plain, wrapped] = (await told).map((each) => each.status === "rejected" && String(each.reason));
    expect(plain).toContain("UNBLOCKED");
    expect(wrapped).toBe(plain);
    // Redis has unblocked them; the next call finds the new master.
    await redis.rpush("{operator}", "found");
    expect(await redis.blpop("{operator}", 1)).toEqual(["{operator}", "found"]);
  });

  it("go on at the new master when theirs dies, if they are to wait that long, as on the plain client", async () => {
    await setup.cluster.untilWhole();
    // More tries than the 16 by default: the other masters may take long to agree on a new one.
    const options = { retryDelayOnFailover: 500, retryDelayOnClusterDown: 500, maxRedirections: 60 };
    const raw = await connectAll(await setup.connect(options));
    const redis = await connect(options);
    const slot = slotOf("{dead}");
    const master = (await slotOwners(setup.cluster.nodes[0]?.port ?? 0)).masterOf(slot);
    const waiting = [raw.blpop("{dead}", 0), redis.blpop("{dead}", 0)];
    await untilBlocked("{dead}", 2);
    await setup.cluster.kill(master);
    await untilMaster(setup.cluster, slot, (port) => port !== master, others(master));
    await untilBlocked("{dead}", 2, others(master)[0]);
    const pushing = await setup.connect();
    await pushing.rpush("{dead}", "found", "found");
    expect(await Promise.all(waiting)).toEqual([
      ["{dead}", "found"],
      ["{dead}", "found"],
    ]);
  });
});

const others = (dead: number): number[] => setup.cluster.nodes.map(({ port }) => port).filter((port) => port !== dead);

/** How many clients each node made as a master has, replicas and its own left out. */
async function connectionCounts(): Promise<number[]> {
  const masters = setup.cluster.nodes.filter(({ madeAs }) => madeAs === "master");
  return Promise.all(
    masters.map(async ({ port }) => {
      const node = new Redis({ host: HOST, port });
      const list = (await node.call("CLIENT", "LIST", "TYPE", "normal")) as string;
      node.disconnect();
      return list.trim().split("\n").length;
    }),
  );
}
