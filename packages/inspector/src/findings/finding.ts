import type { Frame } from "../source/stack.ts";
import type { Step } from "./steps.ts";

/** The kinds of findings. What each means, and how it is found, is told in docs/inspector.md. */
export type FindingKind =
  | "await-in-loop"
  | "calls-in-series"
  | "read-twice"
  | "batch-of-one"
  | "behind-blocking"
  | "big-reply"
  | "slow-command";

/** Something that a request's record shows, and what to do about it. */
export interface Finding {
  readonly kind: FindingKind;
  /** Whether it may be meant as it is: what a call needs is seen by its text, and values are not recorded. */
  readonly isGuess: boolean;
  /** One sentence that says what was seen. */
  readonly title: string;
  /** What to do, and what it depends on. */
  readonly advice: string;
  /** The calls that it is about. */
  readonly steps: readonly Step[];
  /** Those of them that could be made in an earlier round trip. */
  readonly movable: readonly Step[];
  /** The line to change, as it runs; `null` where no call site was recorded. */
  readonly at: Frame | null;
  /** Where its calls are made, if elsewhere. */
  readonly alsoAt: readonly Frame[];
  /** Code to paste in the place of what is there; `null` where there is nothing to paste. */
  readonly rewrite: string | null;
}

/** The milliseconds that would not be waited if the movable calls had gone with earlier ones: of each of their round trips the longest. */
export function savedMsOf(movable: readonly Step[]): number {
  const longest = new Map<number, number>();
  for (const { call, durationMs } of movable) {
    longest.set(call.roundTrip, Math.max(longest.get(call.roundTrip) ?? 0, durationMs));
  }
  return [...longest.values()].reduce((sum, ms) => sum + ms, 0);
}

export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
