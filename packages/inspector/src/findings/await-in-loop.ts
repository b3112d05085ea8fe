import { serialCalls } from "@tickpipe/core/diagnose";
import { type FreeLoop, freeLoopAt } from "../source/dependence.ts";
import type { Sources } from "../source/source-files.ts";
import type { Frame } from "../source/stack.ts";
import { callAt, contains, isFunction, type Syntax, type SyntaxNode } from "../source/syntax.ts";
import { isMovable, isRead } from "./command-facts.ts";
import { counted, type Finding } from "./finding.ts";
import { loopRewrite, plainRewrite } from "./rewrites.ts";
import { awaitsIn, hasWaited, isAfter, keysOf, placeOf, type Step } from "./steps.ts";

/** Two may be chance; from three on it is a loop. The record alone may tell of two. */
const FEWEST_CALLS = 3;

/** Calls that the same line makes again and again. */
interface Repeated {
  readonly steps: readonly Step[];
  /** Where they are made, from the call outwards, up to the function that awaits one before it makes the next. */
  readonly chain: readonly Frame[];
}

/**
 * Finds loops that await each call before they make the next, although none needs the reply of another: those that the record alone shows, unless their text
 * says that a reply decides, and those that only their text shows to be free.
 */
export function awaitsInLoops(steps: readonly Step[], sources: Sources): Finding[] {
  const loops = serialCalls(steps.map(({ call }) => call)).filter(({ kind }) => kind === "loop");
  const inLoops = new Set(loops.flatMap(({ calls }) => calls));
  const isTold = (each: Repeated): boolean => each.steps.every(({ call }) => inLoops.has(call));
  const repeated = repeatedCalls(steps.filter(hasWaited)).filter(
    (each) => each.steps.length >= FEWEST_CALLS || isTold(each),
  );
  const found = repeated.flatMap((each): Found[] => {
    const [first] = each.steps;
    const outermost = each.chain.at(-1);
    if (!first || !outermost || !isMovable(first.call.command) || !hasDifferentKeys(each.steps)) return [];
    const syntax = sources.syntaxOf(outermost.file);
    if (syntax === null) return isTold(each) ? [{ ...each, outermost, first, syntax, loop: null }] : [];
    const loop = freeLoopAt(syntax, each.chain, awaitsIn(steps, syntax, outermost.file), isRead(first.call.command));
    if (loop === null || holdsImmovable(loop, steps, syntax, outermost.file)) return [];
    if (!(isPlainSeries(each) || isMadeOnceAnIteration(each, loop, syntax))) return [];
    return [{ ...each, outermost, first, syntax, loop }];
  });
  return mergedByLoop(found.sort((a, b) => a.first.index - b.first.index)).map(findingOf);
}

type Found = Repeated & {
  readonly first: Step;
  readonly outermost: Frame;
  readonly syntax: Syntax | null;
  readonly loop: FreeLoop | null;
};

/** Several lines of one loop are one finding: its body as a whole is to run for all at once. */
function mergedByLoop(found: readonly Found[]): Found[][] {
  const groups = new Map<unknown, Found[]>();
  for (const each of found) {
    const key = each.loop?.loop ?? each;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()];
}

function findingOf(group: readonly Found[]): Finding {
  const steps = group.flatMap((each) => each.steps).sort((a, b) => a.index - b.index);
  const [{ outermost, first, syntax, loop }] = group as [Found];
  const commands = [...new Set(group.map((each) => each.first.call.method))];
  const innermost = group.flatMap(({ chain }) => chain.slice(0, 1));
  return {
    kind: "await-in-loop",
    isGuess: syntax === null,
    title: `${commands.join(", ")}: ${counted(steps.length, "call")} in a loop, one after another.`,
    advice:
      group.length === 1
        ? "Make the calls together and await them all: they leave in one write, and take one round trip."
        : `Run the loop's body for all at once: ${counted(group.length, "round trip")} for all, and not for each.`,
    steps,
    movable: group.flatMap((each) => each.steps.slice(1)),
    at: outermost,
    alsoAt: innermost.filter((frame) => placeOf(frame) !== placeOf(outermost)),
    rewrite:
      syntax !== null && loop?.loop
        ? loopRewrite(syntax, { loop: loop.loop, call: loop.call }, first.call.method, group.length === 1)
        : plainRewrite(first.call.method),
  };
}

function repeatedCalls(steps: readonly Step[]): Repeated[] {
  const groups = new Map<string, Step[]>();
  for (const step of steps) {
    if (!step.stack.isResumed) continue;
    const key = [step.call.method, ...step.stack.running.map(placeOf)].join("\n");
    groups.set(key, [...(groups.get(key) ?? []), step]);
  }
  return [...groups.values()].flatMap((group) => {
    const [second] = group as [Step];
    const chain = second.stack.running;
    const first = steps.findLast(
      (step) => isAfter(second, step) && step.call.method === second.call.method && startsWith(step, chain),
    );
    const all = first && !group.includes(first) ? [first, ...group] : group;
    return [{ steps: all, chain }];
  });
}

/** Whether a call was made by the same lines. A loop's first call may have been made before anything was awaited, and so from further out. */
const startsWith = ({ stack }: Step, chain: readonly Frame[]): boolean =>
  chain.every((frame, at) => {
    const other = stack.running[at];
    return other !== undefined && placeOf(other) === placeOf(frame);
  });

function hasDifferentKeys(steps: readonly Step[]): boolean {
  if (steps.some(({ call }) => call.keys.length !== 1 || call.commands > 1)) return false;
  return new Set(steps.map(keysOf)).size * 2 >= steps.length && new Set(steps.map(keysOf)).size > 1;
}

/** Whether a loop makes calls as well that have to stay in turn: to run its body for all at once would move those, too. */
function holdsImmovable({ loop }: FreeLoop, steps: readonly Step[], syntax: Syntax, file: string): boolean {
  if (loop === null) return false;
  return steps.some(({ call, stack }) => {
    if (isMovable(call.command)) return false;
    const made = stack.frames.filter((frame) => frame.file === file).map((frame) => callAt(syntax, frame)?.call);
    return made.some((inText) => inText !== undefined && contains(loop, inText));
  });
}

const isPlainSeries = ({ steps }: Repeated): boolean =>
  steps.every((step, at) => {
    const previous = steps[at - 1];
    return previous === undefined || isAfter(step, previous);
  });

/** Whether each run of a loop's body makes one call, though several such loops run at once: not a loop over portions that makes a portion's calls together. */
function isMadeOnceAnIteration({ steps, chain }: Repeated, { call }: FreeLoop, syntax: Syntax): boolean {
  if (new Set(steps.map((step) => step.call.roundTrip)).size < FEWEST_CALLS) return false;
  const [innermost] = chain as readonly [Frame];
  if (innermost.file !== chain.at(-1)?.file) return true;
  const made = callAt(syntax, innermost);
  return made === null || made.owner === call.owner || !isWithinFunction(made.call, call.call);
}

function isWithinFunction(inner: SyntaxNode, outer: SyntaxNode): boolean {
  const args = Array.isArray(outer.arguments) ? (outer.arguments as SyntaxNode[]) : [];
  return args.some((arg) => isFunction(arg) && arg.start <= inner.start && inner.end <= arg.end);
}
