/*
 * As test/differential/random-programs.test.ts, on a Cluster of three masters: threads whose calls go to different nodes. `pnpm soak --cluster` runs more.
 */
import { afterAll, beforeAll, describe, it } from "vitest";
import { expectTheSame } from "../differential/random-programs/expect-the-same.ts";
import { firstSeed } from "../differential/random-programs/first-seed.ts";
import { Rounds } from "../differential/random-programs/rounds.ts";
import { expectWarning } from "../process-watch.ts";

// Once in a process.
expectWarning("TICKPIPE_SHARED_WATCH");

const COMMANDS = Number(process.env.CLUSTER_COMMANDS ?? 10_000);
const seed = firstSeed();

describe(`random programs on a Cluster from SEED=${seed}`, () => {
  let rounds: Rounds;
  beforeAll(async () => {
    rounds = await Rounds.start("cluster");
  });
  afterAll(() => rounds.stop());

  it("come to the same on the plain and on the wrapped client", { timeout: 400_000 }, async () => {
    await expectTheSame(rounds, seed, COMMANDS, `Cluster, SEED=${seed}`);
  });
});
