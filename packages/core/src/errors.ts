/**
 * The stable `code` of every error that Tickpipe itself makes. Each has a section in docs/errors.md.
 * Errors of Redis and of ioredis pass through untouched and never carry one of these codes.
 */
export type TickpipeErrorCode =
  | "ERR_TICKPIPE_ABORTED"
  | "ERR_TICKPIPE_AUTOPIPELINING"
  | "ERR_TICKPIPE_CONFLICT"
  | "ERR_TICKPIPE_CROSS_SLOT"
  | "ERR_TICKPIPE_DEADLINE"
  | "ERR_TICKPIPE_INSPECTOR_OPEN"
  | "ERR_TICKPIPE_INVALID_ARGUMENT"
  | "ERR_TICKPIPE_INVALID_CLIENT"
  | "ERR_TICKPIPE_INVALID_OPTION"
  | "ERR_TICKPIPE_LOADER_KEY"
  | "ERR_TICKPIPE_LOADER_RESULT"
  | "ERR_TICKPIPE_METRICS_LABEL"
  | "ERR_TICKPIPE_OVERLOADED"
  | "ERR_TICKPIPE_OVER_BUDGET"
  | "ERR_TICKPIPE_PROPERTY_TAKEN"
  | "ERR_TICKPIPE_SLOT_MOVING"
  | "ERR_TICKPIPE_SPLIT_FAILED"
  | "ERR_TICKPIPE_TRANSACTION_MISUSE"
  | "ERR_TICKPIPE_TWO_COPIES"
  | "ERR_TICKPIPE_TRANSACTION_TIMEOUT";

/**
 * Something that Tickpipe cannot do as asked. The message says what was expected and what to do, and holds no key and no value.
 *
 * @hideconstructor
 */
export class TickpipeError extends Error {
  /** Stable across versions; match on this, not on the message. */
  readonly code: TickpipeErrorCode;

  constructor(code: TickpipeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TickpipeError";
    this.code = code;
  }
}

/**
 * A call that was split by slot (`splitSlots`), of which a part or all failed: `ERR_TICKPIPE_SPLIT_FAILED`. The other parts have taken effect.
 *
 * @hideconstructor
 */
export class TickpipeSplitError extends TickpipeError {
  /** Which of the call's keys failed, the first being 0, in order. */
  readonly failedKeys: readonly number[];
  /** Why: the error of each part that failed. The first is the `cause`. */
  readonly causes: readonly unknown[];

  /** @param command in lower case */
  constructor(
    command: string,
    parts: number,
    failed: readonly { readonly reason: unknown; readonly positions: readonly number[] }[],
  ) {
    super(
      "ERR_TICKPIPE_SPLIT_FAILED",
      `${failed.length} of the ${parts} commands failed that ${command} was split into by slot; the others have taken effect. failedKeys tells which keys failed, and causes why.`,
      { cause: failed[0]?.reason },
    );
    this.failedKeys = failed.flatMap(({ positions }) => positions).sort((a, b) => a - b);
    this.causes = failed.map(({ reason }) => reason);
  }
}

/**
 * An argument of the wrong kind: a programming mistake, thrown before anything is sent. The message says what was expected and of what kind it was. Of an option
 * it tells a number or one short word as well; of all else no value.
 *
 * @hideconstructor
 */
export class TickpipeTypeError extends TypeError {
  /** Stable across versions; match on this, not on the message. */
  readonly code: TickpipeErrorCode;

  constructor(code: TickpipeErrorCode, message: string) {
    super(message);
    this.name = "TickpipeTypeError";
    this.code = code;
  }
}

/**
 * Says of what kind an argument, a key or a value was, for the end of an error message, and nothing of what it holds: a short word may be a user's name, or what Redis has replied.
 */
export function describeKind(value: unknown): string {
  return ["string", "number", "bigint", "boolean"].includes(typeof value) ? `a ${typeof value}` : describe(value);
}

const PLAIN_WORD = /^[A-Za-z_$][\w$]{0,31}$/;

/**
 * Says what a wrong option was, for the end of an error message.
 *
 * A string is quoted only if it is one short word, as a mistyped option is: anything else may be a
 * Redis URL with its password, which must never reach a log.
 */
export function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === "boolean") return String(value);
  if (typeof value === "number" || typeof value === "bigint") return `the ${typeof value} ${value}`;
  if (typeof value === "string") return PLAIN_WORD.test(value) ? `the string "${value}"` : "a string";
  if (typeof value === "symbol") return "a symbol";
  if (typeof value === "function") return describeFunction(value);
  if (Array.isArray(value)) return "an array";
  const className: unknown = value.constructor?.name;
  return typeof className === "string" && className !== "Object" && PLAIN_WORD.test(className)
    ? `an instance of ${className}`
    : "an object";
}

function describeFunction(value: { readonly name?: unknown }): string {
  return typeof value.name === "string" && PLAIN_WORD.test(value.name) ? `the function ${value.name}` : "a function";
}
