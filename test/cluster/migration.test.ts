import { moveSlots, slotOf, slotOwners } from "@tickpipe/test-support";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { FOLLOWERS, type Sides, summary, tagsIn, useCluster } from "./cluster-sides.ts";
import { calledMore, Load, underLoad } from "./load.ts";

/** `pnpm test:migration` moves 500 at full load; CI fewer. */
const { MIGRATED_SLOTS } = process.env;
const SLOTS = Number(MIGRATED_SLOTS ?? 60);
/** Of each of seven clients in this process, which a slow machine must be able to serve. */
const CALLS_PER_SECOND = MIGRATED_SLOTS === undefined ? 400 : 2_000;
const AT_ONCE = 10;

describe("slots that move to another node, key by key, under load", () => {
  const setup = useCluster();

  it(`${SLOTS} slots: no redirection reaches a caller, no value is wrong, each INCR counts once`, async () => {
    const { cluster } = setup;
    const [from, to] = cluster.nodes;
    if (!from || !to) throw new Error("Expected masters.");
    const slots = range(SLOTS).map((i) => 100 + i);
    // Slots that stay, on every node, are called as well.
    const tags = tagsIn([...slots, ...range(20).map((i) => i * 800 + 50)]);
    const sides: [string, Sides][] = [];
    for (const name of FOLLOWERS) sides.push([name, await setup.sides(name, tags, name)]);
    // Held to nothing: what it makes of the same load is shown beside the others.
    const auto = new Load("auto", await setup.connect({ enableAutoPipelining: true }), tags);
    const loads = [...sides.flatMap(([, { all }]) => all), auto];
    for (const load of loads) await load.seed();

    const keys = await underLoad(loads, CALLS_PER_SECOND, () =>
      moveSlots(cluster, {
        ...{ from, to, slots, atOnce: AT_ONCE },
        onBegin: (batch) => {
          const moving = tags.filter((tag) => batch.includes(slotOf(tag)));
          for (const load of loads) load.focus(moving);
        },
        onHalf: () => calledMore(loads, 100),
      }),
    );

    console.log(`${SLOTS} slots with ${keys} keys moved, ${CALLS_PER_SECOND} calls/s on each client`);
    expect(keys).toBeGreaterThanOrEqual(SLOTS * 9);
    expect((await slotOwners(from.port)).masterOf(slots[0] ?? 0)).toBe(to.port);
    for (const [name, { plain, wrapped }] of sides) {
      const [ofPlain, ofWrapped] = await Promise.all([plain.outcome(), wrapped.outcome()]);
      console.log(`${name}, plain:   ${summary(ofPlain)}\n${name}, wrapped: ${summary(ofWrapped)}`);
      expect(ofPlain, name).toMatchObject({ wrong: [], miscounted: 0, errors: {} });
      expect(ofWrapped, name).toMatchObject({ wrong: [], miscounted: 0, errors: {} });
    }
    console.log(`ioredis 6, enableAutoPipelining: ${summary(await auto.outcome())}`);
  });
});
