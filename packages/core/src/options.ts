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
   * the next one. A positive number or `Infinity`. Default 1 MiB.
   */
  maxBatchBytes?: number;
  /**
   * Whether plain calls (strings, numbers and Buffers as arguments, no callback) are made by a lighter command object than
   * ioredis's own, for the same reply at less CPU. The off switch: `false` gives every call to ioredis's own method. Default
   * `true`.
   */
  lean?: boolean;
}

/** The options with every default filled in. */
export interface ResolvedOptions {
  readonly flush: FlushSchedule;
  readonly maxBatchBytes: number;
  readonly lean: boolean;
}

export const DEFAULT_OPTIONS: ResolvedOptions = Object.freeze({
  flush: "immediate",
  maxBatchBytes: 1024 * 1024,
  lean: true,
});

const SCHEDULES: readonly unknown[] = ["immediate", "nextTick", "microtask"];
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
  const {
    flush = DEFAULT_OPTIONS.flush,
    maxBatchBytes = DEFAULT_OPTIONS.maxBatchBytes,
    lean = DEFAULT_OPTIONS.lean,
  } = options as TickpipeOptions;
  if (typeof flush !== "function" && !SCHEDULES.includes(flush)) {
    throw invalidOption('option "flush"', '"immediate", "nextTick", "microtask" or a function that takes flush', flush);
  }
  if (typeof maxBatchBytes !== "number" || !(maxBatchBytes > 0)) {
    throw invalidOption('option "maxBatchBytes"', "a positive number of bytes, or Infinity", maxBatchBytes);
  }
  if (typeof lean !== "boolean") throw invalidOption('option "lean"', "true or false", lean);
  return { flush, maxBatchBytes, lean };
}

/**
 * For Tickpipe's own packages and those that build on it. Refuses a name that is not among `known`, so that a mistyped option is never ignored in silence.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION`
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
