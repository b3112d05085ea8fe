/*
 * The random programs as handlers of an Express app: once with the plain client, once behind `perRequest(redis)`. Browsers hang up, responses
 * are sent early, work goes on afterwards, and handlers call the module's own client as well as the request's.
 */
import { describe, expect, inject, it } from "vitest";
import { expectWarning } from "../process-watch.ts";
import { firstSeed } from "./random-programs/first-seed.ts";
import type { Serving } from "./random-programs/program.ts";
import { printTally, Rounds } from "./random-programs/rounds.ts";

const PROGRAMS: Readonly<Record<Serving, number>> = { default: 500, memo: 100, maxPerTick: 100, maxPending: 100 };
// The programs watch keys on the connection that all requests share.
expectWarning("TICKPIPE_SHARED_WATCH");
const seed = firstSeed();

const promises: [serving: Serving, promise: string][] = [
  ["default", "come to the same behind perRequest(redis) as on the plain client"],
  ["memo", "come to the same with memo, while nobody else writes to a request's keys"],
  ["maxPerTick", "come to the same with maxPerTick, through the request's own view"],
  ["maxPending", 'come to the same with maxPending and whenFull: "wait"'],
];

describe.runIf(inject("engine") === "redis-server")(`programs of requests from SEED=${seed}`, () => {
  it.each(promises)("with %s: %s", { timeout: 400_000 }, async (serving) => {
    const rounds = await Rounds.start("server", serving);
    try {
      for (let round = 0; rounds.tally.programs < PROGRAMS[serving]; round += 1) {
        const divergence = await rounds.run(seed + round);
        if (divergence) expect.fail(divergence);
      }
      console.log(`SEED=${seed}, ${serving}: ${printTally(rounds.tally)}`);
    } finally {
      await rounds.stop();
    }
  });
});
