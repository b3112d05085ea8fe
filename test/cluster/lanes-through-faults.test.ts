import { setImmediate as turn } from "node:timers/promises";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { eventually, failOverTo, HOST, moveSlots, slotOf, slotOwners, untilMaster } from "@tickpipe/test-support";
import { type Cluster, Redis } from "ioredis";
import { beforeEach, describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { useLedger } from "../faults/ledger.ts";
import { tagsIn, useCluster } from "./cluster-sides.ts";

const SLOTS = range(30).map((i) => 300 + i);
const TAGS = tagsIn(SLOTS);

// What is made on dedicated connections follows its keys as well.
describe("transactions and blocked calls through the faults of a cluster", () => {
  const setup = useCluster();
  const ledger = useLedger();
  let redis: Tickpiped<Cluster>;
  beforeEach(async () => {
    redis = tickpipe(await setup.connect(), { blocking: "isolate" });
  });

  const increment = (key: string): Promise<unknown> =>
    redis.tickpipe.transaction([key], async (tx) => tx.multi().set(key, Number(await tx.get(key)) + 1));

  /** Increments the counter of each tag by transactions, one after the other, while something happens. */
  const incrementsWhile = async (name: string, happening: () => Promise<unknown>) => {
    const done = new Map(TAGS.map((tag) => [tag, 0]));
    const errors: string[] = [];
    let isOver = false;
    const onTag = async (tag: string): Promise<void> => {
      while (!isOver) {
        await ledger.track(`${name} ${tag}`, increment(`{${tag}}:${name}`)).then(
          () => done.set(tag, (done.get(tag) ?? 0) + 1),
          (error: Error) => errors.push(error.message),
        );
        // A client that has ended rejects at once: without a turn of the event loop nothing could end this.
        await turn();
      }
    };
    // As many at a time as there are dedicated connections to a node.
    const all = Promise.all(TAGS.slice(0, 6).map(onTag));
    const total = (): number => [...done.values()].reduce((sum, each) => sum + each, 0);
    const more = (count: number): Promise<void> => {
      const until = total() + count;
      return eventually("more were executed", () => total() >= until);
    };
    try {
      await more(20);
      await happening();
      await more(20);
    } finally {
      isOver = true;
      await all;
    }
    return { done, errors };
  };

  it("slots that move: each transaction is executed once", async () => {
    const { cluster } = setup;
    const [from, to] = cluster.nodes;
    if (!from || !to) throw new Error("Expected masters.");
    await Promise.all(TAGS.flatMap((tag) => range(4).map((i) => redis.set(`{${tag}}:${i}`, i))));
    const { done, errors } = await incrementsWhile("moved", async () => {
      await moveSlots(cluster, { from, to, slots: SLOTS, atOnce: 10, onHalf: () => redis.ping().then(() => {}) });
      await moveSlots(cluster, { from: to, to: from, slots: SLOTS, atOnce: 10 });
    });
    expect(errors).toEqual([]);
    for (const [tag, count] of done) expect([tag, Number(await redis.get(`{${tag}}:moved`))]).toEqual([tag, count]);
  });

  it("CLUSTER FAILOVER: transactions go on at the new master, each executed once", async () => {
    const { cluster } = setup;
    const [slot = 0] = SLOTS;
    const owners = await slotOwners(cluster.nodes[0]?.port ?? 0);
    const [replica = 0] = owners.replicasOf(owners.masterOf(slot));
    const { done, errors } = await incrementsWhile("failed-over", () => failOverTo(cluster, replica, slot));
    expect(errors).toEqual([]);
    for (const [tag, count] of done)
      expect([tag, Number(await redis.get(`{${tag}}:failed-over`))]).toEqual([tag, count]);
    await cluster.untilWhole();
  });

  it.each(["CLUSTER FAILOVER", "a slot that moves"])(
    "%s: a blocked call comes out as on the plain client",
    async (fault) => {
      const { cluster } = setup;
      const key = `{${TAGS[0]}}:${fault}`;
      const slot = slotOf(key);
      const plain = await setup.connect();
      const sides = { plain, wrapped: redis };
      const outcomes = Object.entries(sides).map(([side, client]) =>
        ledger.track(
          side,
          client.blpop(`${key}:${side}`, 0).catch((error: Error) => error.message),
        ),
      );
      await eventually("both are blocked", async () => (await blockedOn(setup.cluster, slot)) === 2);
      const owners = await slotOwners(cluster.nodes[0]?.port ?? 0);
      if (fault === "CLUSTER FAILOVER") {
        await failOverTo(cluster, owners.replicasOf(owners.masterOf(slot))[0] ?? 0, slot);
      } else {
        const from = cluster.nodes.find(({ port }) => port === owners.masterOf(slot));
        const to = cluster.nodes.find(({ port }) => port !== from?.port && owners.masters.includes(port));
        if (!from || !to) throw new Error("Expected masters.");
        await moveSlots(cluster, { from, to, slots: [slot] });
      }
      const pusher = await setup.connect();
      for (const side of Object.keys(sides)) await pusher.rpush(`${key}:${side}`, "pushed");
      const [ofPlain, ofWrapped] = (await Promise.all(outcomes)).map((outcome) =>
        JSON.stringify(outcome).replaceAll("plain", "side").replaceAll("wrapped", "side"),
      );
      console.log(`${fault}: a blocked call ends with ${ofPlain}`);
      expect(ofWrapped).toBe(ofPlain);
      await cluster.untilWhole();
    },
  );

  it("kill -9 of a master: what was blocked and under way settles, and then goes to the new master", async () => {
    const { cluster } = setup;
    const key = `{${TAGS[0]}}:killed`;
    const slot = slotOf(key);
    const killed = (await slotOwners(cluster.nodes[0]?.port ?? 0)).masterOf(slot);
    const others = cluster.nodes.map(({ port }) => port).filter((port) => port !== killed);
    ledger.track("blocked", redis.blpop(`${key}:list`, 0)).catch(() => {});
    await eventually("it is blocked", async () => (await blockedOn(cluster, slot)) === 1);
    const { errors } = await incrementsWhile("killed", async () => {
      await cluster.kill(killed);
      await untilMaster(cluster, slot, (port) => port !== killed, others);
    });
    console.log(`kill -9: transactions ended with ${JSON.stringify([...new Set(errors)])}`);
    expect(await redis.tickpipe.transaction([key], async (tx) => tx.multi().set(key, 1))).toEqual([[null, "OK"]]);
    await redis.rpush(`${key}:list`, "for the first", "for the second");
    expect(await redis.blpop(`${key}:list`, 0)).toEqual([`${key}:list`, expect.stringContaining("for the")]);
    await cluster.restart(killed);
    await cluster.untilWhole();
  });
});

/** How many clients are blocked at the master of a slot. */
async function blockedOn({ nodes }: ReturnType<typeof useCluster>["cluster"], slot: number): Promise<number> {
  const running = nodes.find(({ pid }) => pid > 0)?.port ?? 0;
  const client = new Redis({ host: HOST, port: (await slotOwners(running)).masterOf(slot) });
  try {
    return Number(/blocked_clients:(\d+)/.exec(await client.info("clients"))?.[1]);
  } finally {
    client.disconnect();
  }
}
