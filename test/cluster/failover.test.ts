import { failOverTo, slotOwners, untilMaster } from "@tickpipe/test-support";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { summary, tagsIn, useCluster } from "./cluster-sides.ts";
import { calledMore, underLoad } from "./load.ts";

const CALLS_PER_SECOND = 2_000;
// Thirty, spread over the slots of all masters; the first ten are the first master's.
const SLOTS = range(30).map((i) => i * 540 + 7);
const TAGS = tagsIn(SLOTS);
const [FIRST = 0] = SLOTS;

describe("a replica that takes its master's place, under load", () => {
  const setup = useCluster();

  it("CLUSTER FAILOVER: no call fails, and no value is wrong", async () => {
    const { cluster } = setup;
    const { plain, wrapped, all } = await setup.sides("failover", TAGS);
    for (const load of all) await load.seed();
    const before = await slotOwners(cluster.nodes[0]?.port ?? 0);
    const [replica] = before.replicasOf(before.masterOf(FIRST));
    if (replica === undefined) throw new Error("Expected the master to have a replica.");
    await underLoad(all, CALLS_PER_SECOND, async () => {
      await calledMore(all, 200);
      await failOverTo(cluster, replica, FIRST);
      await calledMore(all, 200);
    });
    const [ofPlain, ofWrapped] = await Promise.all([plain.outcome(), wrapped.outcome()]);
    console.log(`CLUSTER FAILOVER\nplain:   ${summary(ofPlain)}\nwrapped: ${summary(ofWrapped)}`);
    expect(ofPlain).toMatchObject({ wrong: [], stale: 0, miscounted: 0, errors: {} });
    expect(ofWrapped).toMatchObject({ wrong: [], stale: 0, miscounted: 0, errors: {} });
    await cluster.untilWhole();
  });

  it("kill -9 of a master: the same errors, all calls settle, and calls are served again", async () => {
    const { cluster } = setup;
    const { plain, wrapped, all } = await setup.sides("kill", TAGS);
    for (const load of all) await load.seed();
    const owners = await slotOwners(cluster.nodes[0]?.port ?? 0);
    const killed = owners.masterOf(FIRST);
    const others = cluster.nodes.map(({ port }) => port).filter((port) => port !== killed);
    const onKilled = new Set(TAGS.filter((tag) => owners.masterOf(tag) === killed));
    await underLoad(all, CALLS_PER_SECOND, async () => {
      await calledMore(all, 200);
      await cluster.kill(killed);
      await untilMaster(cluster, FIRST, (port) => port !== killed, others);
      await calledMore(all, 2000);
    });
    const [ofPlain, ofWrapped] = await Promise.all([plain.outcome(onKilled), wrapped.outcome(onKilled)]);
    console.log(`kill -9\nplain:   ${summary(ofPlain)}\nwrapped: ${summary(ofWrapped)}`);
    expect([ofPlain.wrong, ofWrapped.wrong]).toEqual([[], []]);
    expect(Object.keys(ofWrapped.errors)).toEqual(Object.keys(ofPlain.errors));
    await cluster.restart(killed);
    await cluster.untilWhole();
  });
});
