import fc, { type Arbitrary } from "fast-check";
import { type Pause, type Program, SCRIPTS, type Setup, type Step, type Thread, type Tick } from "../program.ts";
import { keysWith } from "./arguments.ts";
import { stepsOn } from "./steps.ts";

export const setupWith = (calledBeforeReady: boolean): Arbitrary<Setup> =>
  fc.record({
    client: fc.oneof(
      { weight: 7, arbitrary: fc.constant("ioredis 6") },
      {
        weight: 5,
        arbitrary: fc.constantFrom(
          ...["ioredis 6 with RESP2", "ioredis 6 with RESP3 replies", "ioredis 5", "ioredis 5.4", "iovalkey"],
        ),
      },
    ),
    keyPrefix: mostly("", "app:"),
    flush: fc.oneof(
      { weight: 4, arbitrary: fc.constant<Setup["flush"]>("immediate") },
      { weight: 2, arbitrary: fc.constantFrom<Setup["flush"]>("nextTick", "microtask") },
    ),
    maxBatchBytes: mostly(1024 * 1024, 150),
    observed: fc.boolean(),
    lean: mostly(true, false),
    calledBeforeReady: fc.constant(calledBeforeReady),
  });

function mostly<T>(usual: T, other: T): Arbitrary<T> {
  return fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constant(other) });
}

const pause: Arbitrary<Pause> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<Pause>("all") },
  { weight: 3, arbitrary: fc.constantFrom<Pause>("turn", "turns") },
  { weight: 1, arbitrary: fc.constantFrom<Pause>("caller", "microtask") },
);

export function tickOf(steps: Arbitrary<Step[]>): Arbitrary<Tick> {
  const some = fc.array(steps, { minLength: 1, maxLength: 12, size: "max" });
  return fc.record({ steps: some.map((each) => each.flat()), pause });
}

/** The server forgets its scripts: ioredis sends each again when it hears of it, so that the tick is alone. */
const forgottenScripts: Arbitrary<Tick> = fc.constant<Tick>({
  alone: true,
  steps: [
    // A transaction that is still open would put the rest off.
    ...[call("discard"), call("script", "FLUSH")],
    ...Object.entries(SCRIPTS).map(([name, { numberOfKeys }]) =>
      call(name, ...(numberOfKeys ? [] : [1]), "list1", "again"),
    ),
  ],
  pause: "all",
});

export function call(method: string, ...args: unknown[]): Step {
  return { kind: "call", via: "view", caller: 0, consumer: "promise", method, args };
}

/** Callers that share one order of calls, the connection's state and a few keys. */
function sharedThread(calledBeforeReady: boolean): Arbitrary<Thread[]> {
  const { steps, coldSteps } = stepsOn(keysWith(""), true);
  const tick = fc.oneof({ weight: 25, arbitrary: tickOf(steps) }, { weight: 1, arbitrary: forgottenScripts });
  const ticks = fc.array(tick, { minLength: 1, maxLength: 16, size: "max" });
  if (!calledBeforeReady) return ticks.map((each) => [{ ticks: each }]);
  // The reply to PING tells that the connection is ready, even where the tick calls nothing else.
  const first = tickOf(coldSteps).map((cold): Tick => ({ steps: [...cold.steps, call("ping")], pause: "all" }));
  return fc.tuple(first, ticks).map(([before, rest]) => [{ ticks: [before, ...rest] }]);
}

/** Two or three threads, each on its own keys. */
const separateThreads: Arbitrary<Thread[]> = fc
  .tuple(threadOn(threadPrefix(0)), threadOn(threadPrefix(1)), fc.option(threadOn(threadPrefix(2))))
  .map(([first, second, third]) => [first, second, ...(third ? [third] : [])]);

function threadOn(prefix: string): Arbitrary<Thread> {
  const ticks = fc.array(tickOf(stepsOn(keysWith(prefix), false).steps), { maxLength: 8, size: "max" });
  return fc.record({ ticks });
}

/** The start of the names of a thread's keys, where there are several threads. */
export function threadPrefix(thread: number): string {
  return `thread-${thread}:`;
}

// With a prefix, ioredis makes a key of a key that is missing ("app:undefined"), on which threads would meet.
const withoutPrefix = setupWith(false).map((setup): Setup => ({ ...setup, keyPrefix: "" }));

/** All programs. */
export const programs: Arbitrary<Program> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ setup: setupWith(false), threads: sharedThread(false) }) },
  { weight: 1, arbitrary: fc.record({ setup: setupWith(true), threads: sharedThread(true) }) },
  { weight: 1, arbitrary: fc.record({ setup: withoutPrefix, threads: separateThreads }) },
);
