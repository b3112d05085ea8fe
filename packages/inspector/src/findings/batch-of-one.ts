import type { Finding } from "./finding.ts";
import { placeOf, type Step } from "./steps.ts";

/** What a batch with one command in it sends: a transaction has its MULTI and EXEC besides. */
const SENT_FOR_ONE: ReadonlyMap<string, number> = new Map([
  ["pipeline", 1],
  ["multi", 3],
]);
/** One may be a list that happened to be short. */
const FEWEST_BATCHES = 2;

/** Finds lines that made several batches, by `pipeline()` or `multi()`, each with a single command in it. */
export function batchesOfOne(steps: readonly Step[]): Finding[] {
  const lines = new Map<string, Step[]>();
  for (const step of steps) {
    const [at] = step.stack.running;
    if (!SENT_FOR_ONE.has(step.call.command) || at === undefined) continue;
    lines.set(placeOf(at), [...(lines.get(placeOf(at)) ?? []), step]);
  }
  return [...lines.values()]
    .filter((batches) => batches.length >= FEWEST_BATCHES && batches.every(isOfOne))
    .map(findingOf);
}

const isOfOne = ({ call }: Step): boolean => call.commands === SENT_FOR_ONE.get(call.command);

function findingOf(steps: readonly Step[]): Finding {
  const [first] = steps as readonly [Step];
  const { command } = first.call;
  const waves = new Set(steps.map(({ call }) => call.roundTrip));
  return {
    kind: "batch-of-one",
    isGuess: false,
    title: `${command}: ${steps.length} batches with one command each.`,
    advice:
      command === "multi"
        ? "A single command is atomic by itself. Call it without multi(): Tickpipe sends it with the rest of the tick."
        : "Call the command itself: Tickpipe sends all that is called in one tick in one write, so that each call needs no pipeline.",
    steps,
    movable: steps.filter(({ call }) => call.roundTrip > Math.min(...waves)),
    at: first.stack.running[0] ?? null,
    alsoAt: [],
    rewrite: `// instead of redis.${command}().get(key).exec()\nconst replies = await Promise.all(keys.map((key) => redis.get(key)));`,
  };
}
