/*
 * As test/differential/random-programs.test.ts, on a Cluster of three masters: threads whose calls go to different nodes. `pnpm soak --cluster` runs more.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firstSeed } from "../differential/random-programs/first-seed.ts";
import { medianTick, printTally, Rounds } from "../differential/random-programs/rounds.ts";

const COMMANDS = Number(process.env.CLUSTER_COMMANDS ?? 10_000);
const seed = firstSeed();

describe(`random programs on a Cluster from SEED=${seed}`, () => {
  let rounds: Rounds;
  beforeAll(async () => {
    rounds = await Rounds.start("cluster");
  });
  afterAll(() => rounds.stop());

  it("come to the same on the plain and on the wrapped client", { timeout: 400_000 }, async () => {
    const began = performance.now();
    for (let round = 0; rounds.tally.commands < COMMANDS; round += 1) {
      const divergence = await rounds.run(seed + round);
      if (divergence) expect.fail(divergence);
    }
    const { tally } = rounds;
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(`Cluster, SEED=${seed}: ${printTally(tally)}, in ${seconds} s`);
    // Not vacuous: batches to gather, and failures that are not the rule.
    expect(medianTick(tally)).toBeGreaterThanOrEqual(3);
    expect(tally.failedCalls / tally.calls).toBeGreaterThan(0.02);
    expect(tally.failedCalls / tally.calls).toBeLessThan(0.5);
  });
});
