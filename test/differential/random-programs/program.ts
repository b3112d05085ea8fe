import type { FlushSchedule } from "@tickpipe/core";

/**
 * A program: what some callers call on one client, and when. It is data, so that it can be run twice, printed, and made smaller.
 */
export interface Program {
  readonly setup: Setup;
  /**
   * Threads run side by side on the one client, each at the pace of its own replies, and each on keys of its own: what one
   * thread sees does not depend on the others. A program of one thread has callers that share their keys, and one order of calls.
   */
  readonly threads: readonly Thread[];
  /** The request in whose handler each thread runs; default: threads run outside of requests. */
  readonly visits?: readonly Visit[];
}

/** A request, whose handler runs a thread and goes on with it after the response. */
export interface Visit {
  /** After which tick the response is sent or the browser hangs up; beyond the last tick: when the thread is over. */
  readonly endsAfterTick: number;
  readonly end: "response" | "hang-up";
  /** Whether the handler waits until its response has closed. */
  readonly waitsForClose: boolean;
}

/** The options by name under which requests are served: none, or one that delays or keeps calls. */
export type Serving = "default" | "memo" | "maxPerTick" | "maxPending";

/** The client under test, and the options of its view. */
export interface Setup {
  /** A name of `clientVariants`. */
  readonly client: string;
  readonly keyPrefix: string;
  readonly flush: FlushSchedule & string;
  readonly maxBatchBytes: number;
  readonly lean: boolean;
  /** Whether the view's calls are recorded and counted. */
  readonly observed: boolean;
  /** Whether the first tick is called before the client has connected, into ioredis's offline queue. */
  readonly calledBeforeReady: boolean;
  /** How requests are served, for a program with visits. Default `"default"`. */
  readonly serving?: Serving;
}

export interface Thread {
  readonly ticks: readonly Tick[];
}

/** What is called without giving way to the event loop, and what the thread waits for before its next tick. */
export interface Tick {
  readonly steps: readonly Step[];
  readonly pause: Pause;
  /** Whether all earlier calls must have settled first: ioredis sends something by itself when a reply of this tick arrives. */
  readonly alone?: boolean;
}

/**
 * `"all"`: until every call of the thread has settled; `"caller"`: those of the first caller of the tick. `"turn"` and
 * `"turns"`: one or four turns of the event loop, so that ticks overlap the replies of those before. `"microtask"`: less than a turn.
 */
export type Pause = "all" | "caller" | "turn" | "turns" | "microtask";

export type Step = CallStep | BatchStep | FlushStep;

/** Which object is called. To the plain client's side, all three are the plain client. */
export type Via = "view" | "raw" | "scope";

/** What the caller does with the outcome. Only the first two leave nothing to Node's handlers of last resort. */
export type Consumer = "promise" | "callback" | "promise without catch" | "callback that throws";

interface Called {
  readonly via: Via;
  readonly caller: number;
  readonly consumer: Consumer;
}

/** One method with its arguments. */
export interface Invocation {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** One call of one method: a command, a script, or one command of a transaction by hand. */
export interface CallStep extends Called, Invocation {
  readonly kind: "call";
}

/** `pipeline()` or `multi()`, filled and executed. */
export interface BatchStep extends Called {
  readonly kind: "batch";
  readonly method: "pipeline" | "multi";
  /** Whether the commands are handed over as an array of arrays, or called one after the other. */
  readonly asArray: boolean;
  readonly calls: readonly (Invocation & { readonly withCallback: boolean })[];
}

/** `redis.tickpipe.flush()`; nothing on the plain client. */
export interface FlushStep {
  readonly kind: "flush";
}

/** How many commands a tick asks for. */
export function commandsOf({ steps }: Tick): number {
  let count = 0;
  for (const step of steps) {
    if (step.kind === "call") count += 1;
    if (step.kind === "batch") count += step.calls.length + (step.method === "multi" ? 2 : 0);
  }
  return count;
}

/**
 * Whether the view may share reads in a program. Not where a transaction of single calls is begun on the raw client: the view
 * does not hear of it, and each read in it must be queued by itself.
 */
export function mayShareReads({ threads }: Program): boolean {
  return !threads.some((thread) => multisByHand(thread).some(({ via }) => via === "raw"));
}

/** Whether a thread begins transactions of single calls. */
export function beginsTransactions(thread: Thread): boolean {
  return multisByHand(thread).length > 0;
}

function multisByHand({ ticks }: Thread): CallStep[] {
  return ticks.flatMap(({ steps }) =>
    steps.filter((step): step is CallStep => step.kind === "call" && step.method === "multi"),
  );
}

/** Scripts that every client of a program has as commands of its own. */
export const SCRIPTS: Readonly<Record<string, { readonly lua: string; readonly numberOfKeys?: number }>> = {
  swapIn: {
    lua: "local old = redis.call('get', KEYS[1]); redis.call('set', KEYS[1], ARGV[1]); return old",
    numberOfKeys: 1,
  },
  pushAll: { lua: "return {redis.call('rpush', KEYS[1], unpack(ARGV)), KEYS, ARGV, false}" },
};

/** Keys of the databases with these numbers are used. */
export const DATABASES: readonly number[] = [0, 1, 2];
