import { failOverTo, slotOwners, untilMaster } from "@tickpipe/test-support";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { FOLLOWERS, type Sides, summary, tagsIn, useCluster } from "./cluster-sides.ts";
import { calledMore, type Load, underLoad } from "./load.ts";

/** Of each of six clients in this process, which a slow machine must be able to serve. */
const CALLS_PER_SECOND = 400;
// Each call is tried 16 times while nobody serves it: more would be a load on the event loop first of all.
const CALLS_PER_SECOND_IN_VAIN = 500;
// Thirty, spread over the slots of all masters; the first ten are the first master's.
const SLOTS = range(30).map((i) => i * 540 + 7);
const TAGS = tagsIn(SLOTS);
const [FIRST = 0] = SLOTS;

/** What the plain client says when it has tried long enough; how often, and with which last error, is a matter of milliseconds. */
const GIVEN_UP = [
  "Error: Connection is closed.",
  "ReplyError: CLUSTERDOWN The cluster is down",
  "ReplyError: MOVED # #",
].map((last) => `Too many Cluster redirections. Last error: ${last}`);

describe("a replica that takes its master's place, under load", () => {
  const setup = useCluster();

  const loaded = async (name: string): Promise<{ sides: [string, Sides][]; loads: Load[] }> => {
    const sides: [string, Sides][] = [];
    for (const client of FOLLOWERS) sides.push([client, await setup.sides(`${name} ${client}`, TAGS, client)]);
    const loads = sides.flatMap(([, { all }]) => all);
    for (const load of loads) await load.seed();
    return { sides, loads };
  };

  it("CLUSTER FAILOVER: no call fails, and no value is wrong", async () => {
    const { cluster } = setup;
    const { sides, loads } = await loaded("failover");
    const before = await slotOwners(cluster.nodes[0]?.port ?? 0);
    const [replica] = before.replicasOf(before.masterOf(FIRST));
    if (replica === undefined) throw new Error("Expected the master to have a replica.");
    await underLoad(loads, CALLS_PER_SECOND, async () => {
      await calledMore(loads, 200);
      await failOverTo(cluster, replica, FIRST);
      await calledMore(loads, 200);
    });
    for (const [name, { plain, wrapped }] of sides) {
      const [ofPlain, ofWrapped] = await Promise.all([plain.outcome(), wrapped.outcome()]);
      console.log(`CLUSTER FAILOVER, ${name}\nplain:   ${summary(ofPlain)}\nwrapped: ${summary(ofWrapped)}`);
      expect(ofPlain, name).toMatchObject({ wrong: [], miscounted: 0, errors: {} });
      expect(ofWrapped, name).toMatchObject({ wrong: [], miscounted: 0, errors: {} });
    }
    await cluster.untilWhole();
  });

  it("kill -9 of a master: the same errors, all calls settle, and calls are served again", async () => {
    const { cluster } = setup;
    const { sides, loads } = await loaded("kill");
    const owners = await slotOwners(cluster.nodes[0]?.port ?? 0);
    const killed = owners.masterOf(FIRST);
    const others = cluster.nodes.map(({ port }) => port).filter((port) => port !== killed);
    const onKilled = new Set(TAGS.filter((tag) => owners.masterOf(tag) === killed));
    const answered = (): number[] => loads.map((load) => load.answered(onKilled));
    await underLoad(loads, CALLS_PER_SECOND_IN_VAIN, async () => {
      await calledMore(loads, 200);
      await cluster.kill(killed);
      await untilMaster(cluster, FIRST, (port) => port !== killed, others);
      const before = answered();
      // Each tag again, by each client.
      await expect
        .poll(() => answered().every((calls, i) => calls > (before[i] ?? 0) + 100), { timeout: 20_000 })
        .toBe(true);
    });
    const seen = new Set(GIVEN_UP);
    for (const [name, { plain, wrapped }] of sides) {
      const [ofPlain, ofWrapped] = await Promise.all([plain.outcome(onKilled), wrapped.outcome(onKilled)]);
      console.log(`kill -9, ${name}\nplain:   ${summary(ofPlain)}\nwrapped: ${summary(ofWrapped)}`);
      expect([ofPlain.wrong, ofWrapped.wrong], name).toEqual([[], []]);
      for (const kind of Object.keys(ofPlain.errors)) seen.add(kind);
      expect([...seen], name).toEqual(expect.arrayContaining(Object.keys(ofWrapped.errors)));
    }
    await cluster.restart(killed);
    await cluster.untilWhole();
  });
});
