/*
 * The plain client and the wrapped one run the same random programs, each on a server of its own, and must not be told
 * apart. A failure prints the smallest program found and the SEED that shows it again.
 */
import { afterAll, beforeAll, describe, inject, it } from "vitest";
import { expectWarning } from "../process-watch.ts";
import { expectTheSame } from "./random-programs/expect-the-same.ts";
import { firstSeed } from "./random-programs/first-seed.ts";
import { Rounds } from "./random-programs/rounds.ts";

// Once in a process.
expectWarning("TICKPIPE_SHARED_WATCH");

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
    await expectTheSame(rounds, seed, COMMANDS, `SEED=${seed}`);
  });
});
