import { describe, TickpipeTypeError } from "./errors.ts";

/** Whether an option's value is right, and what is expected of it, for the error. */
export interface OptionCheck {
  readonly isRight: (value: unknown) => boolean;
  readonly expected: string;
}

export type OptionChecks<Name extends string> = Readonly<Record<Name, OptionCheck>>;

export const isFunction = (value: unknown): boolean => typeof value === "function";
export const isPositive = (value: unknown): value is number => typeof value === "number" && value > 0;
export const isWholeNumber = (value: unknown): boolean => isPositive(value) && Number.isInteger(value);

export const SWITCH: OptionCheck = { isRight: (value) => typeof value === "boolean", expected: "true or false" };
export const WHOLE_NUMBER: OptionCheck = { isRight: isWholeNumber, expected: "a whole number from 1 on" };

/** Any of these words. */
export function oneOf(...words: string[]): OptionCheck {
  return {
    isRight: (value) => words.includes(value as string),
    expected: words.map((word) => `"${word}"`).join(" or "),
  };
}

/**
 * Returns a user's own options, without a prototype. Refuses options that are no object, unknown ones and wrong ones. One that is `undefined` counts as
 * not given.
 *
 * @param owner whose options they are, as in `scope()`
 * @param example what an object of them is
 * @param ofOwner how the messages say whose they are
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION`
 */
export function checkedOptions<Options extends object>(
  options: unknown,
  checks: OptionChecks<keyof Options & string>,
  owner: string,
  example = "an object",
  ofOwner: string = ` of ${owner}`,
): Options {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw invalidOption(`the options${ofOwner}`, example, options);
  }
  const own = rejectUnknownOptions(options as Options, Object.keys(checks), owner);
  const assertOption = (name: keyof Options & string): void => {
    const value = own[name];
    if (value === undefined) return;
    const { isRight, expected } = checks[name];
    if (!isRight(value)) throw invalidOption(`option "${name}"${ofOwner}`, expected, value);
  };
  for (const name of Object.keys(own) as (keyof Options & string)[]) {
    assertOption(name);
  }
  return own;
}

/**
 * For Tickpipe's own packages and those that build on it. Refuses a name that is not among `known`, so that a mistyped option is never ignored in silence.
 *
 * @typeParam Options what the options are
 * @param options what a user gave
 * @param known the names that there are
 * @param owner whose options they are, for the message: `"perRequest()"`
 * @returns the options that the object has of its own, without a prototype: what somebody has put on `Object.prototype` is no option
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION` for the first name that is unknown, and for an option that comes from another prototype
 */
export function rejectUnknownOptions<Options extends object>(
  options: Options,
  known: readonly string[],
  owner: string,
): Options {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new TickpipeTypeError(
      "ERR_TICKPIPE_INVALID_OPTION",
      `${owner} has no option named by ${describe(name)}. Known options: ${known.join(", ")}. Remove it or correct its spelling.`,
    );
  }
  for (const name of known) {
    if (Object.hasOwn(options, name) || !isInheritedFromClass(options, name)) continue;
    throw new TickpipeTypeError(
      "ERR_TICKPIPE_INVALID_OPTION",
      `Expected option "${name}" of ${owner} to be a property of the options themselves, got one of their prototype. Copy it into a plain object.`,
    );
  }
  return Object.assign(Object.create(null), options) as Options;
}

/**
 * The error for an option of the wrong kind. For Tickpipe's own packages and those that build on it, so that all say it alike.
 *
 * @param what the option, as in `option "flush"`
 * @param expected what it should have been, and so what to do
 * @param got its value, which is told if it is a number or one short word, and else only its kind
 */
export function invalidOption(what: string, expected: string, got: unknown): TickpipeTypeError {
  return new TickpipeTypeError(
    "ERR_TICKPIPE_INVALID_OPTION",
    `Expected ${what} to be ${expected}, got ${describe(got)}.`,
  );
}

/** Whether a prototype has it that is not the last one, which is `Object.prototype` in whatever realm. */
function isInheritedFromClass(options: object, name: string): boolean {
  let prototype = Object.getPrototypeOf(options);
  while (prototype !== null && !Object.hasOwn(prototype, name)) prototype = Object.getPrototypeOf(prototype);
  return prototype !== null && Object.getPrototypeOf(prototype) !== null;
}
