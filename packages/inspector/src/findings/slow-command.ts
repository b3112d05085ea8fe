import { mayWait } from "@tickpipe/core/diagnose";
import type { Finding } from "./finding.ts";
import type { Step } from "./steps.ts";

/** Of the same request's other calls, as a multiple of their median. */
const TIMES_SLOWER = 4;

/** Finds calls that took at least so many milliseconds, and far longer than the request's others; in a round trip, the first such alone, since replies come in order. */
export function slowCommands(steps: readonly Step[], slowMs: number): Finding[] {
  const sent = steps.filter(({ call }) => call.answeredBy === "redis" && call.endedMs !== null);
  const slowest = new Map<number, Step>();
  for (const step of sent) {
    // What waits behind a blocking call is another finding.
    if (step.call.behindBlocking === true) continue;
    if (step.durationMs < slowMs || mayWait(step.call.command) || slowest.has(step.call.roundTrip)) continue;
    const others = sent
      .filter(({ call }) => call.roundTrip !== step.call.roundTrip)
      .map(({ durationMs }) => durationMs);
    if (others.length > 0 && step.durationMs < TIMES_SLOWER * medianOf(others)) continue;
    slowest.set(step.call.roundTrip, step);
  }
  return [...slowest.values()].map(findingOf);
}

function findingOf(step: Step): Finding {
  const { command, method } = step.call;
  return {
    kind: "slow-command",
    isGuess: false,
    title: `${method}: ${Math.round(step.durationMs)} ms for one call.`,
    advice:
      "Redis serves one command at a time, so that everybody waits for a slow one. Or the network, or this process itself, was busy: look at what else was slow then.",
    steps: [step],
    movable: [],
    at: step.stack.running[0] ?? null,
    alsoAt: [],
    rewrite:
      command === "keys"
        ? 'for await (const keys of redis.scanStream({ match: "prefix:*", count: 500 })) {\n  // a portion at a time\n}'
        : null,
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
