import { describe, TickpipeTypeError } from "./errors.ts";

/**
 * When a tick's calls leave:
 *
 * - `"immediate"`: at the end of the event-loop iteration (`setImmediate`). Gathers the most.
 * - `"nextTick"`: after the running callback (`process.nextTick`). Gathers what one callback calls.
 * - `"microtask"`: with the microtasks (`queueMicrotask`). Gathers what runs without an `await` between.
 * - a function: called at the first call of a tick with `flush`, which it must call, soon and at least once.
 */
export type FlushSchedule = "immediate" | "nextTick" | "microtask" | ((flush: () => void) => void);

/** Options of `tickpipe()`. Validated once, at creation. */
export interface TickpipeOptions {
  /** When the calls of a tick leave. Default `"immediate"`. */
  flush?: FlushSchedule;
  /**
   * How much may be held back within one tick, in bytes as the socket counts them (`writableLength`: a
   * string counts one per UTF-16 unit). At this size the batch leaves early, and the tick goes on with
   * the next one. On a Cluster each node has a batch of its own. A positive number or `Infinity`. Default 1 MiB.
   */
  maxBatchBytes?: number;
  /**
   * Whether plain calls (strings, numbers and Buffers as arguments, no callback) are made by a lighter command object than
   * ioredis's own, for the same reply at less CPU. The off switch: `false` gives every call to ioredis's own method. Default
   * `true`.
   */
  lean?: boolean;
  /**
   * Whether identical reads that are called in one tick share one command, while nothing called in between could have changed
   * the answer. Each caller gets a reply of its own. Needs `lean`. Default `true`.
   */
  dedupe?: boolean;
  /**
   * Where calls that may wait on the server go (BLPOP and its kin, XREAD and XREADGROUP with BLOCK):
   *
   * - `"isolate"`: each to a connection of its own, so that it holds up no other call. Default.
   * - `"inline"`: to the client's own connection, as without Tickpipe.
   */
  blocking?: "isolate" | "inline";
  /** How many connections of their own blocking calls may have at once; more calls wait, in order. A whole number from 1 on. Default 16. */
  maxBlockingConnections?: number;
  /** How many connections of their own transactions may have at once; more transactions wait, in order. A whole number from 1 on. Default 8. */
  maxTransactionConnections?: number;
  /**
   * Only with a Cluster: whether MGET, MSET, DEL, UNLINK, EXISTS and TOUCH over keys of several hash slots are split by slot, sent in the tick's
   * writes, and joined. Split, they are not atomic: what others do meanwhile may come between, and a part may fail alone, with
   * `ERR_TICKPIPE_SPLIT_FAILED`. Default `false`: they fail, as on the plain client. A client for one server never splits.
   */
  splitSlots?: boolean;
  /**
   * How many commands may be pending at once: waiting for a connection, in flight, or blocked. A whole number from 1 on, or `Infinity`.
   * Default `Infinity`, as without Tickpipe.
   */
  maxPending?: number;
  /**
   * How many bytes the arguments of all pending commands may hold; a string counts one per UTF-16 unit. A positive number or
   * `Infinity`. Default `Infinity`.
   */
  maxPendingBytes?: number;
  /**
   * What happens to a call beyond `maxPending` or `maxPendingBytes`:
   *
   * - `"reject"`: it rejects with `ERR_TICKPIPE_OVERLOADED`, and nothing is sent. Default.
   * - `"wait"`: it waits, in order, until replies have made room.
   */
  whenFull?: "reject" | "wait";
}

/** The options with every default filled in. */
export type ResolvedOptions = Readonly<Required<TickpipeOptions>>;

export const DEFAULT_OPTIONS: ResolvedOptions = Object.freeze({
  flush: "immediate",
  maxBatchBytes: 1024 * 1024,
  lean: true,
  dedupe: true,
  blocking: "isolate",
  maxBlockingConnections: 16,
  maxTransactionConnections: 8,
  splitSlots: false,
  maxPending: Number.POSITIVE_INFINITY,
  maxPendingBytes: Number.POSITIVE_INFINITY,
  whenFull: "reject",
});

/** Whether an option's value is right, and what is expected of it, for the error. */
interface Check {
  readonly isRight: (value: unknown) => boolean;
  readonly expected: string;
}

const isPositive = (value: unknown): boolean => typeof value === "number" && value > 0;
const isCount = (value: unknown): boolean => isPositive(value) && Number.isInteger(value);
const oneOf = (...words: string[]): Check => ({
  isRight: (value) => words.includes(value as string),
  expected: words.map((word) => `"${word}"`).join(" or "),
});
const SWITCH: Check = { isRight: (value) => typeof value === "boolean", expected: "true or false" };
const CONNECTIONS: Check = { isRight: isCount, expected: "a whole number from 1 on" };
const BYTES: Check = { isRight: isPositive, expected: "a positive number of bytes, or Infinity" };

const CHECKS: Readonly<Record<keyof TickpipeOptions, Check>> = {
  flush: {
    isRight: (value) => typeof value === "function" || ["immediate", "nextTick", "microtask"].includes(value as string),
    expected: '"immediate", "nextTick", "microtask" or a function that takes flush',
  },
  maxBatchBytes: BYTES,
  lean: SWITCH,
  dedupe: SWITCH,
  blocking: oneOf("isolate", "inline"),
  maxBlockingConnections: CONNECTIONS,
  maxTransactionConnections: CONNECTIONS,
  splitSlots: SWITCH,
  maxPending: {
    isRight: (value) => value === Number.POSITIVE_INFINITY || isCount(value),
    expected: "a whole number from 1 on, or Infinity",
  },
  maxPendingBytes: BYTES,
  whenFull: oneOf("reject", "wait"),
};

const KNOWN: readonly string[] = Object.keys(DEFAULT_OPTIONS);

/**
 * Checks options and fills in the defaults. An option that is `undefined` counts as not given.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION` for an unknown or a wrong option.
 */
export function resolveOptions(options: unknown): ResolvedOptions {
  if (options === undefined) return DEFAULT_OPTIONS;
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw invalidOption("the options", `an object with ${KNOWN.join(", ")}`, options);
  }
  rejectUnknownOptions(options, KNOWN, "tickpipe()");
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    const { isRight, expected } = CHECKS[name as keyof TickpipeOptions];
    if (!isRight(value)) throw invalidOption(`option "${name}"`, expected, value);
  }
  return { ...DEFAULT_OPTIONS, ...Object.fromEntries(given) };
}

/**
 * For Tickpipe's own packages and those that build on it. Refuses a name that is not among `known`, so that a mistyped option is never ignored in silence.
 *
 * @param options what a user gave
 * @param known the names that there are
 * @param owner whose options they are, for the message: `"perRequest()"`
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION` for the first name that is unknown
 */
export function rejectUnknownOptions(options: object, known: readonly string[], owner: string): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new TickpipeTypeError(
      "ERR_TICKPIPE_INVALID_OPTION",
      `${owner} has no option named by ${describe(name)}. Known options: ${known.join(", ")}. Remove it or correct its spelling.`,
    );
  }
}

/**
 * The error for an option of the wrong kind. For Tickpipe's own packages and those that build on it, so that all say it alike.
 *
 * @param what the option, as in `option "flush"`
 * @param expected what it should have been, and so what to do
 * @param got its value, of which only the kind is told
 */
export function invalidOption(what: string, expected: string, got: unknown): TickpipeTypeError {
  return new TickpipeTypeError(
    "ERR_TICKPIPE_INVALID_OPTION",
    `Expected ${what} to be ${expected}, got ${describe(got)}.`,
  );
}
