import { describeKind, TickpipeTypeError } from "../errors.ts";
import { invalidOption, rejectUnknownOptions } from "../option-checks.ts";

/** Options of `view.tickpipe.transaction()`. */
export interface TransactionOptions {
  /**
   * How often a transaction is tried again after a try in which a watched key changed, or in which the connection was lost
   * before EXEC was sent. A whole number from 0 on. Default 20.
   */
  retries?: number;
}

const DEFAULT_RETRIES = 20;

/**
 * Checks the keys and the function of a transaction.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_ARGUMENT`
 */
export function assertTransactionArguments(watchKeys: unknown, fn: unknown): void {
  if (!Array.isArray(watchKeys))
    throw invalidArgument("the keys to watch", "an array of strings or Buffers", watchKeys);
  if (watchKeys.length === 0) {
    throw new TickpipeTypeError(
      "ERR_TICKPIPE_INVALID_ARGUMENT",
      "Expected at least one key to watch, got an empty array. Where nothing is to be watched, multi() is enough.",
    );
  }
  for (const key of watchKeys) {
    if (typeof key === "string" || key instanceof Uint8Array) continue;
    throw invalidArgument("each key to watch", "a string or a Buffer", key);
  }
  if (typeof fn !== "function") throw invalidArgument("the second argument of transaction()", "a function", fn);
}

/**
 * How often a transaction is to be tried again.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION`
 */
export function retriesOf(options: unknown): number {
  if (options === undefined) return DEFAULT_RETRIES;
  if (typeof options !== "object" || options === null) {
    throw invalidOption("the options of transaction()", "an object", options);
  }
  rejectUnknownOptions(options, ["retries"], "transaction()");
  const { retries = DEFAULT_RETRIES } = options as TransactionOptions;
  if (Number.isInteger(retries) && retries >= 0) return retries;
  throw invalidOption('option "retries" of transaction()', "a whole number from 0 on", retries);
}

/** The error for a function that returned neither its `tx.multi()` nor nothing. */
export function notItsMulti(returned: unknown): TickpipeTypeError {
  const expected = "what the function of transaction() returns";
  return invalidArgument(expected, "the multi() of its tx, without exec(), or null for nothing to do", returned);
}

function invalidArgument(what: string, expected: string, got: unknown): TickpipeTypeError {
  return new TickpipeTypeError(
    "ERR_TICKPIPE_INVALID_ARGUMENT",
    `Expected ${what} to be ${expected}, got ${describeKind(got)}.`,
  );
}
