import { counted, type Finding } from "./finding.ts";
import { hasWaited, placeOf, type Step } from "./steps.ts";

/** Finds calls that had to wait for a blocking one on the same connection, of whichever request; one finding for each line. */
export function callsBehindBlocking(steps: readonly Step[]): Finding[] {
  const lines = new Map<string, Step[]>();
  for (const step of steps) {
    if (step.call.behindBlocking !== true || !hasWaited(step)) continue;
    const [at] = step.stack.running;
    const line = `${step.call.method} ${at ? placeOf(at) : ""}`;
    lines.set(line, [...(lines.get(line) ?? []), step]);
  }
  return [...lines.values()].map(findingOf);
}

function findingOf(steps: readonly Step[]): Finding {
  const [first] = steps as readonly [Step];
  const longest = Math.max(...steps.map(({ durationMs }) => durationMs));
  return {
    kind: "behind-blocking",
    isGuess: false,
    title: `${first.call.method}: ${counted(steps.length, "call")} behind a blocking one on the same connection, up to ${Math.round(longest)} ms.`,
    advice:
      "Redis answers a connection's commands in order, so that all that is called after a BLPOP or the like waits for it. Give blocking calls a client of their own, or connections by an option.",
    steps,
    movable: [],
    at: first.stack.running[0] ?? null,
    alsoAt: [],
    rewrite: 'const redis = tickpipe(client, { blocking: "isolate" });',
  };
}
