import { describeKind, TickpipeTypeError } from "../errors.ts";
import { checkedOptions, type OptionChecks } from "../option-checks.ts";

/** Options of `view.tickpipe.transaction()`. */
export interface TransactionOptions {
  /**
   * How often a transaction is tried again after a try in which a watched key changed, or in which the connection was lost
   * before EXEC was sent. A whole number from 0 on. Default 20.
   */
  retries?: number;
  /**
   * How long the function may take in each try, from when it is called. Beyond it the call rejects with `ERR_TICKPIPE_TRANSACTION_TIMEOUT`, nothing is
   * executed, and the connection goes to the next transaction; what the function still does is refused on its `tx`. In milliseconds, above 0, up to
   * 2147483647. Default: no limit.
   */
  timeoutMs?: number;
}

/** The options with every default filled in. */
export interface TransactionSettings {
  readonly retries: number;
  readonly timeoutMs: number | undefined;
}

const DEFAULT_RETRIES = 20;

/** What `setTimeout` takes, in milliseconds; beyond it fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

const CHECKS: OptionChecks<keyof TransactionOptions> = {
  retries: {
    isRight: (value) => Number.isInteger(value) && (value as number) >= 0,
    expected: "a whole number from 0 on",
  },
  timeoutMs: {
    isRight: (value) => typeof value === "number" && value > 0 && value <= LONGEST_TIMER,
    expected: `a number of milliseconds above 0, up to ${LONGEST_TIMER}`,
  },
};

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
 * Checks the options of a transaction and fills in the defaults.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION`
 */
export function settingsOf(options: unknown): TransactionSettings {
  if (options === undefined) return { retries: DEFAULT_RETRIES, timeoutMs: undefined };
  const own = checkedOptions<TransactionOptions>(options, CHECKS, "transaction()");
  const { retries = DEFAULT_RETRIES, timeoutMs } = own;
  return { retries, timeoutMs };
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
