import { describe, expect, it } from "vitest";
import { quantile, ratios, spread, summarize } from "./statistics.ts";

describe("statistics", () => {
  it("summarizes numbers in any order, and does not change it", () => {
    const numbers = [5, 1, 4, 2, 3];
    expect(summarize(numbers)).toEqual({ median: 3, low: 2, high: 4 });
    expect(numbers).toEqual([5, 1, 4, 2, 3]);
    expect(spread(summarize(numbers))).toBe("2.00-4.00");
  });

  it("has the quartiles of few numbers as far from either end", () => {
    expect(summarize([1, 2, 3])).toEqual({ median: 2, low: 1.5, high: 2.5 });
    expect(summarize([1, 2])).toEqual({ median: 1.5, low: 1.25, high: 1.75 });
    expect(summarize([])).toEqual({ median: Number.NaN, low: Number.NaN, high: Number.NaN });
  });

  it("compares two subjects round by round, as far as both have rounds", () => {
    expect(ratios([2, 9, 8], [1, 3])).toEqual([2, 3]);
    expect(ratios([1], [])).toEqual([]);
  });

  it("gives the nearest rank of a quantile", () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect([quantile(hundred, 0.5), quantile(hundred, 0.99), quantile([7], 0.99)]).toEqual([50, 99, 7]);
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    // As numbers, not as text.
    expect(quantile([9, 10, 100], 1)).toBe(100);
  });
});
