import {
  checkedOptions,
  isPositive,
  isWholeNumber,
  type OptionCheck,
  type OptionChecks,
  oneOf,
  SWITCH,
  WHOLE_NUMBER,
} from "./option-checks.ts";

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
   * - `"inline"`: to the client's own connection, as without Tickpipe. The first call that has to wait behind one is warned of. Default.
   * - `"isolate"`: each to a connection of its own, so that it holds up no other call. That changes more than speed:
   *   the guide (docs/guide.md, "Blocking calls") says what differs.
   */
  blocking?: "inline" | "isolate";
  /** How many connections of their own blocking calls may have at once, with `blocking: "isolate"`; more calls wait, in order. A whole number from 1 on. Default 16. */
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
   * How many commands may be pending at once: waiting for a connection, or in flight. Calls that wait on a connection of their own
   * (`blocking: "isolate"`) hold no room, and reads that share a reply hold it once. A whole number from 1 on, or `Infinity`.
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
  blocking: "inline",
  maxBlockingConnections: 16,
  maxTransactionConnections: 8,
  splitSlots: false,
  maxPending: Number.POSITIVE_INFINITY,
  maxPendingBytes: Number.POSITIVE_INFINITY,
  whenFull: "reject",
});

const BYTES: OptionCheck = { isRight: isPositive, expected: "a positive number of bytes, or Infinity" };

const CHECKS: OptionChecks<keyof TickpipeOptions> = {
  flush: {
    isRight: (value) => typeof value === "function" || ["immediate", "nextTick", "microtask"].includes(value as string),
    expected: '"immediate", "nextTick", "microtask" or a function that takes flush',
  },
  maxBatchBytes: BYTES,
  lean: SWITCH,
  dedupe: SWITCH,
  blocking: oneOf("inline", "isolate"),
  maxBlockingConnections: WHOLE_NUMBER,
  maxTransactionConnections: WHOLE_NUMBER,
  splitSlots: SWITCH,
  maxPending: {
    isRight: (value) => value === Number.POSITIVE_INFINITY || isWholeNumber(value),
    expected: "a whole number from 1 on, or Infinity",
  },
  maxPendingBytes: BYTES,
  whenFull: oneOf("reject", "wait"),
};

/**
 * Checks options and fills in the defaults. An option that is `undefined` counts as not given.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION` for an unknown or a wrong option.
 */
export function resolveOptions(options: unknown): ResolvedOptions {
  if (options === undefined) return DEFAULT_OPTIONS;
  const example = `an object with ${Object.keys(CHECKS).join(", ")}`;
  const own = checkedOptions<TickpipeOptions>(options, CHECKS, "tickpipe()", example, "");
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  return { ...DEFAULT_OPTIONS, ...Object.fromEntries(given) };
}
