/*
 * The plain client and the wrapped one run the same random programs, each on a server of its own, and must not be told
 * apart. A failure prints the smallest program found and the SEED that shows it again.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { firstSeed } from "./random-programs/first-seed.ts";
import { medianTick, printTally, Rounds } from "./random-programs/rounds.ts";

const COMMANDS = 100_000;
const seed = firstSeed();

// Both sides would be of the same engine: one is enough, and the quicker one.
describe.runIf(inject("engine") === "redis-server")(`random programs from SEED=${seed}`, () => {
  let rounds: Rounds;
  beforeAll(async () => {
    rounds = await Rounds.start();
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
    console.log(`SEED=${seed}: ${printTally(tally)}, in ${seconds} s`);
    // Not vacuous: batches to gather, and failures that are not the rule.
    expect(medianTick(tally)).toBeGreaterThanOrEqual(3);
    expect(tally.failedCalls / tally.calls).toBeGreaterThan(0.02);
    expect(tally.failedCalls / tally.calls).toBeLessThan(0.5);
  });
});
