import { expect } from "vitest";
import { medianTick, printTally, type Rounds } from "./rounds.ts";

/**
 * Runs random programs, from a seed on, until so many commands have run, and expects the sides to come to the same.
 *
 * @param name for the line that says what has run
 */
export async function expectTheSame(rounds: Rounds, seed: number, commands: number, name: string): Promise<void> {
  const began = performance.now();
  for (let round = 0; rounds.tally.commands < commands; round += 1) {
    const divergence = await rounds.run(seed + round);
    if (divergence) expect.fail(divergence);
  }
  const { tally } = rounds;
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`${name}: ${printTally(tally)}, in ${seconds} s`);
  // Not vacuous: batches to gather, and failures that are not the rule.
  expect(medianTick(tally)).toBeGreaterThanOrEqual(3);
  expect(tally.failedCalls / tally.calls).toBeGreaterThan(0.02);
  expect(tally.failedCalls / tally.calls).toBeLessThan(0.5);
}
