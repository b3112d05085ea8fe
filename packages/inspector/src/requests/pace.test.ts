import { describe, expect, it } from "vitest";
import { Pace } from "./pace.ts";

describe("Pace", () => {
  it("lets so many through at once, and then so many a second", () => {
    let now = 0;
    const pace = new Pace(10, () => now);
    const taken = (tries: number) => Array.from({ length: tries }, () => pace.take()).filter(Boolean).length;
    expect([taken(15), pace.refused]).toEqual([10, 5]);
    now += 500;
    expect(taken(15)).toBe(5);
    now += 60_000;
    expect(taken(15), "a quiet minute is worth no more than a second").toBe(10);
  });

  it("takes back what was not used", () => {
    const pace = new Pace(1, () => 0);
    expect([pace.take(), pace.take()]).toEqual([true, false]);
    pace.giveBack();
    pace.giveBack();
    expect([pace.take(), pace.take()]).toEqual([true, false]);
  });
});
