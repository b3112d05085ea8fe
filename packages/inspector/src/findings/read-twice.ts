import { mayWrite } from "@tickpipe/core/diagnose";
import { asksBy, awaitsOtherBetween, dependsOn, pairIn } from "../source/dependence.ts";
import type { Sources } from "../source/source-files.ts";
import { isReadOfKeysAlone } from "./command-facts.ts";
import { counted, type Finding } from "./finding.ts";
import { awaitsIn, hasWaited, isAfter, keysOf, placeOf, type Step } from "./steps.ts";

/**
 * Finds reads whose answer the request had already: by the same method, of the same keys, from another line, with no write by the request in between. The
 * same line again is a loop that waits for a change, and no finding.
 */
export function readsTwice(steps: readonly Step[], sources: Sources): Finding[] {
  const first = new Map<string, Step>();
  const again = new Map<Step, Step[]>();
  for (const step of steps) {
    const { call } = step;
    if (!hasWaited(step) || call.outcome !== "ok" || !isReadOfKeysAlone(call.command)) continue;
    if (call.keys.length === 0 || call.keys.length >= MOST_KNOWN_KEYS) continue;
    const question = `${call.method} ${keysOf(step)}`;
    const earlier = first.get(question);
    if (earlier === undefined || mayHaveChanged(steps, earlier, step)) {
      first.set(question, step);
    } else if (
      isAfter(step, earlier) &&
      isElsewhere(earlier, step) &&
      !isAskedAgainOnPurpose(earlier, step, steps, sources)
    ) {
      again.set(earlier, [...(again.get(earlier) ?? []), step]);
    }
  }
  return [...again].map(([earlier, later]) => findingOf(earlier, later));
}

/** A record has no more keys of a call, so that there may be others. */
const MOST_KNOWN_KEYS = 16;

/** Whether the request itself wrote between two calls what may have changed the answer. */
function mayHaveChanged(steps: readonly Step[], earlier: Step, later: Step): boolean {
  const { keys } = later.call;
  return steps.slice(earlier.index + 1, later.index).some(({ call }) => {
    if (!mayWrite(call.command)) return false;
    return call.keys.length === 0 || call.keys.length >= MOST_KNOWN_KEYS || call.keys.some((key) => keys.includes(key));
  });
}

function isElsewhere(earlier: Step, later: Step): boolean {
  const [here, there] = [later.stack.running, earlier.stack.running];
  // A helper's own line is the same for all who call it. Where no lines are known, they are not known to differ.
  return here.some((frame, at) => {
    const other = there[at];
    return other !== undefined && placeOf(frame) !== placeOf(other);
  });
}

/** Whether the first answer led to the second question after something else: where a lock was taken, or time was given, and the key is looked at again. */
function isAskedAgainOnPurpose(earlier: Step, later: Step, steps: readonly Step[], sources: Sources): boolean {
  const at = later.stack.running.at(-1);
  const syntax = at ? sources.syntaxOf(at.file) : null;
  if (!at || syntax === null) return false;
  const pair = pairIn(syntax, earlier.stack.frames, at);
  if (pair === null || !dependsOn(syntax, pair)) return false;
  // The same key by chance: it came with the first reply.
  if (asksBy(syntax, pair)) return true;
  const between = steps.slice(earlier.index + 1, later.index);
  return (
    between.some(({ call }) => mayWrite(call.command)) || awaitsOtherBetween(pair, awaitsIn(steps, syntax, at.file))
  );
}

function findingOf(earlier: Step, later: readonly Step[]): Finding {
  const { method } = earlier.call;
  const at = (step: Step) => step.stack.running[0] ?? null;
  const firstAt = at(earlier);
  return {
    kind: "read-twice",
    isGuess: false,
    title: `${method}: the same read ${later.length + 1} times, with nothing written in between.`,
    advice: `Hand the first reply on, or let the request remember its reads: ${counted(later.length, "call")} less.`,
    steps: [earlier, ...later],
    movable: later,
    at: later[0] ? at(later[0]) : null,
    alsoAt: firstAt === null ? [] : [firstAt],
    rewrite: `app.use(perRequest(redis, { memo: ["${earlier.call.command}"] }));`,
  };
}
