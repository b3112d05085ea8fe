import { awaitsOtherBetween, dependsOn, pairIn } from "../source/dependence.ts";
import type { Sources } from "../source/source-files.ts";
import type { Frame } from "../source/stack.ts";
import { callAt, type Syntax } from "../source/syntax.ts";
import { isMovable, isRead } from "./command-facts.ts";
import { counted, type Finding } from "./finding.ts";
import { seriesRewrite } from "./rewrites.ts";
import { awaitsIn, hasWaited, isAfter, placeOf, type Step } from "./steps.ts";

/** Calls of one function, each awaited before the next, of which none needs another. */
interface Series {
  readonly steps: Step[];
  readonly frames: Frame[];
  /** Of the file in which they all are. */
  readonly syntax: Syntax;
}

/**
 * Finds calls that a function awaits one after another though none uses the reply of one before, as far as the text shows.
 *
 * @param taken calls that another finding is about
 */
export function callsInSeries(steps: readonly Step[], sources: Sources, taken: ReadonlySet<Step>): Finding[] {
  const open: Series[] = [];
  const free = steps.filter((step) => hasWaited(step) && !taken.has(step));
  const lines = new Set<string>();
  for (const later of free) {
    const at = later.stack.running.at(-1);
    if (at === undefined || !later.stack.isResumed || !isSingle(later)) continue;
    const syntax = sources.syntaxOf(at.file);
    // The same lines again, as where a function is called for each of many: one is enough to tell.
    if (syntax === null || lines.has(placeOf(at))) continue;
    const series = seriesBefore(later, at, free, syntax);
    if (series === null) continue;
    lines.add(placeOf(at));
    const growing = open.find(({ steps: known }) => known.includes(series.steps[0] as Step));
    if (growing === undefined) open.push({ steps: [...series.steps, later], frames: [...series.frames, at], syntax });
    else if (growing.steps.every((step) => step === series.steps[0] || isIndependent(step, later, at, free, syntax))) {
      growing.steps.push(later);
      growing.frames.push(at);
    }
  }
  return open.map(findingOf);
}

/** The call of the same function that was awaited last before, if the later one does not need it. */
function seriesBefore(later: Step, at: Frame, steps: readonly Step[], syntax: Syntax): Series | null {
  const earlier = steps.findLast(
    (step) => isAfter(later, step) && isSingle(step) && pairIn(syntax, step.stack.frames, at) !== null,
  );
  if (earlier === undefined || !isIndependent(earlier, later, at, steps, syntax)) return null;
  const owner = callAt(syntax, at)?.owner;
  const frame = earlier.stack.frames.find((each) => each.file === at.file && callAt(syntax, each)?.owner === owner);
  return frame === undefined ? null : { steps: [earlier], frames: [frame], syntax };
}

function isIndependent(earlier: Step, later: Step, at: Frame, steps: readonly Step[], syntax: Syntax): boolean {
  const pair = pairIn(syntax, earlier.stack.frames, at);
  if (pair === null || dependsOn(syntax, pair)) return false;
  // What has to stay in turn, such as a call that waits on the server, stays between the two.
  const isBetween = (step: Step): boolean => step.index > earlier.index && step.index < later.index;
  if (steps.some((step) => isBetween(step) && !isMovable(step.call.command))) return false;
  // A call further up comes after one further down only in the next run of a loop.
  if (pair.earlier.awaited.start > pair.later.awaited.start) return false;
  const writes = [earlier, later].filter(({ call }) => !isRead(call.command));
  if (writes.length === 0) return true;
  // What is asked of a key that was just written may be meant to, and a write may be meant to come after other work.
  if (earlier.call.keys.some((key) => later.call.keys.includes(key))) return false;
  return !awaitsOtherBetween(pair, awaitsIn(steps, syntax, at.file));
}

const isSingle = ({ call }: Step): boolean => call.commands <= 1 && call.keys.length > 0 && isMovable(call.command);

function findingOf({ steps, frames, syntax }: Series): Finding {
  // One earlier call and one later one, at least.
  const [first, second, ...others] = frames as [Frame, Frame];
  const calls = frames.flatMap((frame) => callAt(syntax, frame) ?? []);
  const awaited = calls.filter((call, at) => calls.findIndex((each) => each.awaited === call.awaited) === at);
  const methods = steps.map(({ call }) => call.method).join(", ");
  return {
    kind: "calls-in-series",
    isGuess: true,
    title: `${methods}: ${counted(steps.length, "call")} awaited one after another, though none seems to use the reply of another.`,
    advice:
      "A guess, from the text of the calls: if none needs another's reply, or another's having succeeded, make them together. They keep their order.",
    steps,
    movable: steps.slice(1),
    at: second,
    alsoAt: [first, ...others],
    rewrite: seriesRewrite(syntax, awaited),
  };
}
