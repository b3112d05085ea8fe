import { describe, expect, it } from "vitest";
import { RoundTripTally } from "./round-trips.ts";

function tallyWithClock(): { tally: RoundTripTally; passes: (ms: number) => void } {
  let now = 1_000;
  return {
    tally: new RoundTripTally(() => now),
    passes: (ms) => {
      now += ms;
    },
  };
}

describe("RoundTripTally", () => {
  it("counts calls made together as one round trip", () => {
    const { tally } = tallyWithClock();
    const waves = [tally.called(1), tally.called(1), tally.called(3)];
    expect(waves).toEqual([1, 1, 1]);
    for (const wave of waves) tally.settled(wave, 0);
    expect(tally.snapshot()).toMatchObject({ commands: 5, roundTrips: 1, errors: 0 });
  });

  it("counts each call that was awaited before the next as one more", () => {
    const { tally } = tallyWithClock();
    for (let i = 0; i < 20; i++) tally.settled(tally.called(1), 0);
    expect(tally.snapshot()).toMatchObject({ commands: 20, roundTrips: 20 });
  });

  it("puts what follows the first reply of a wave into the next wave", () => {
    const { tally } = tallyWithClock();
    const [first, second] = [tally.called(1), tally.called(1)];
    tally.settled(first, 0);
    const afterFirst = tally.called(1);
    tally.settled(second, 0);
    const afterSecond = tally.called(1);
    expect([afterFirst, afterSecond]).toEqual([2, 2]);
  });

  it("counts the time in which anything waited once, however much waited", () => {
    const { tally, passes } = tallyWithClock();
    const first = tally.called(1);
    passes(2);
    const second = tally.called(1);
    passes(3);
    tally.settled(first, 0);
    passes(5);
    tally.settled(second, 1);
    passes(100);
    expect(tally.snapshot()).toMatchObject({ waitedMs: 10, errors: 1 });
    tally.called(1);
    passes(7);
    expect(tally.snapshot().waitedMs).toBe(17);
  });
});
