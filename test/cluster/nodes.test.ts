import { countSocketWrites, eventually, moveSlots, slotOf, slotOwners } from "@tickpipe/test-support";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { summary, tagsIn, useCluster } from "./cluster-sides.ts";
import { calledMore, underLoad } from "./load.ts";

const CALLS_PER_SECOND = 1_000;
const MOVED = range(20).map((i) => 200 + i);
// Those that are to move, and others on all masters.
const TAGS = tagsIn([...MOVED, ...range(20).map((i) => i * 810 + 3)]);

describe("nodes that come, go and stall, under load", () => {
  const setup = useCluster();

  it("a node added, given slots, deprived of them and removed: no call fails, and no value is wrong", async () => {
    const { cluster } = setup;
    const [first] = cluster.nodes;
    if (!first) throw new Error("Expected nodes.");
    const { plain, wrapped, redis, all } = await setup.sides("nodes", TAGS);
    for (const load of all) await load.seed();
    const keyOnNewNode = `{${TAGS.find((tag) => MOVED.includes(slotOf(tag)))}}:one`;
    await underLoad(all, CALLS_PER_SECOND, async () => {
      const added = await cluster.add();
      await moveSlots(cluster, { from: first, to: added, slots: MOVED, atOnce: 10, onHalf: () => calledMore(all, 50) });
      await eventually("the client knows the new node", () => redis.nodes("master").length === 4);
      const node = redis.nodes("master").find(({ options }) => options.port === added.port);
      await redis.get(keyOnNewNode);
      await calledMore(all, 100);
      const writes = countSocketWrites(node?.stream);
      const counts = range(50).map(() => redis.incr(keyOnNewNode));
      redis.tickpipe.flush();
      expect(writes.take()).toBe(1);
      expect(await Promise.all(counts)).toEqual(range(50).map((i) => i + 1));
      await moveSlots(cluster, { from: added, to: first, slots: MOVED, atOnce: 10, onHalf: () => calledMore(all, 50) });
      await cluster.remove(added.port);
      await calledMore(all, 200);
    });
    const [ofPlain, ofWrapped] = await Promise.all([plain.outcome(), wrapped.outcome()]);
    console.log(`a node more, and one less\nplain:   ${summary(ofPlain)}\nwrapped: ${summary(ofWrapped)}`);
    expect(ofPlain).toMatchObject({ wrong: [], miscounted: 0, errors: {} });
    expect(ofWrapped).toMatchObject({ wrong: [], miscounted: 0, errors: {} });
    expect(await redis.get(keyOnNewNode)).toBe("50");
    await cluster.untilWhole();
  });

  it("a node that stalls: calls to other nodes go on, and its own settle when it goes on", async () => {
    const { cluster } = setup;
    const { plain, wrapped, all } = await setup.sides("stalled", TAGS);
    for (const load of all) await load.seed();
    const owners = await slotOwners(cluster.nodes[0]?.port ?? 0);
    const stalled = owners.masterOf(MOVED[0] ?? 0);
    const [onStalled, onOthers] = [true, false].map(
      (is) => new Set(TAGS.filter((tag) => (owners.masterOf(tag) === stalled) === is)),
    ) as [Set<string>, Set<string>];
    await underLoad(all, CALLS_PER_SECOND, async () => {
      await calledMore(all, 100);
      cluster.stall(stalled);
      try {
        // What it had answered before is read by then.
        await calledMore(all, 50);
        const before = all.map((load) => [load.answered(onStalled), load.answered(onOthers)] as const);
        await eventually("others have answered", () =>
          all.every((load, i) => load.answered(onOthers) >= (before[i]?.[1] ?? 0) + 200),
        );
        expect(all.map((load) => load.answered(onStalled))).toEqual(before.map(([answered]) => answered));
      } finally {
        cluster.goOn(stalled);
      }
      await calledMore(all, 100);
    });
    const [ofPlain, ofWrapped] = await Promise.all([plain.outcome(), wrapped.outcome()]);
    console.log(`a node that stalls\nplain:   ${summary(ofPlain)}\nwrapped: ${summary(ofWrapped)}`);
    expect(ofPlain).toMatchObject({ wrong: [], miscounted: 0, errors: {} });
    expect(ofWrapped).toMatchObject({ wrong: [], miscounted: 0, errors: {} });
  });
});
