import { median } from "@tickpipe/test-support";

/** Some numbers in three: the middle, and where the middle half of them begins and ends. */
export interface Summary {
  readonly median: number;
  /** First quartile. */
  readonly low: number;
  /** Third quartile. */
  readonly high: number;
}

export function summarize(numbers: readonly number[]): Summary {
  const sorted = [...numbers].sort((a, b) => a - b);
  // Between two of them where it falls between: rounded up, the quartiles of few rounds would both lie too high.
  const at = (share: number): number => {
    const place = (sorted.length - 1) * share;
    const [below = Number.NaN, above = Number.NaN] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return below + (above - below) * (place - Math.floor(place));
  };
  return { median: median(sorted), low: at(0.25), high: at(0.75) };
}

/**
 * One subject's figure in each round, over another's in the same: what slows the machine down for a while slows
 * both down.
 */
export function ratios(rounds: readonly number[], others: readonly number[]): number[] {
  const paired = Math.min(rounds.length, others.length);
  return rounds.slice(0, paired).map((figure, i) => figure / (others[i] ?? Number.NaN));
}

/** The nearest-rank quantile. */
export function quantile(numbers: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** The middle half of some ratios, as "0.95-1.04". */
export function spread({ low, high }: Summary): string {
  return `${low.toFixed(2)}-${high.toFixed(2)}`;
}
