import { effectOf } from "../commands/effects.ts";
import type { ScopeOptions } from "../controls.ts";
import { invalidOption, rejectUnknownOptions } from "../options.ts";
import type { BudgetOptions } from "./budget.ts";
import type { EndingOptions } from "./ending.ts";

/** The options of a scope with every default filled in. */
export interface ResolvedScopeOptions extends EndingOptions, BudgetOptions {
  readonly name: string | undefined;
  readonly memo: boolean | readonly string[];
  readonly maxPerTick: number | undefined;
}

const DEFAULTS: ResolvedScopeOptions = Object.freeze({
  name: undefined,
  memo: false,
  signal: undefined,
  abortable: false,
  deadlineMs: undefined,
  maxPerTick: undefined,
  maxCommands: undefined,
  maxRoundTrips: undefined,
  whenOverBudget: "warn",
});
const KNOWN: readonly string[] = Object.keys(DEFAULTS);

/**
 * Checks the options of a scope.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION` for an unknown or a wrong option
 */
export function resolveScopeOptions(options: unknown): ResolvedScopeOptions {
  if (options === undefined) return DEFAULTS;
  if (typeof options !== "object" || options === null) {
    throw invalidOption("the options of scope()", "an object", options);
  }
  rejectUnknownOptions(options, KNOWN, "scope()");
  const given: ScopeOptions = options;
  for (const option of KNOWN as readonly (keyof ScopeOptions)[]) {
    const value = given[option];
    if (value === undefined) continue;
    const { isRight, expected } = CHECKS[option];
    if (!isRight(value)) throw invalidOption(`option "${option}" of scope()`, expected, value);
  }
  const {
    name,
    memo = false,
    signal,
    abortable = false,
    deadlineMs,
    maxPerTick,
    maxCommands,
    maxRoundTrips,
    whenOverBudget = "warn",
  } = given;
  return { name, memo, signal, abortable, deadlineMs, maxPerTick, maxCommands, maxRoundTrips, whenOverBudget };
}

/**
 * For Tickpipe's own packages and those that build on it: refuses wrong options of scopes before there is a scope.
 *
 * @param options what a user gave; `undefined` counts as none
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION` for an unknown or a wrong option
 */
export function assertScopeOptions(options: unknown): void {
  resolveScopeOptions(options);
}

/** What `setTimeout` takes, in milliseconds; beyond it fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0;
const COUNT = { isRight: isCount, expected: "a whole number from 1 on" };

const CHECKS: Readonly<Record<keyof ScopeOptions, { isRight: (value: unknown) => boolean; expected: string }>> = {
  name: { isRight: (value) => typeof value === "string", expected: "a string" },
  memo: {
    isRight: (value) => typeof value === "boolean" || (Array.isArray(value) && value.every(isKeepable)),
    expected: 'true, false or a list of read commands in lower case, as in ["get", "hgetall"]',
  },
  signal: { isRight: isAbortSignal, expected: "an AbortSignal" },
  abortable: { isRight: (value) => typeof value === "boolean", expected: "true or false" },
  deadlineMs: {
    isRight: (value) => typeof value === "number" && value > 0 && value <= LONGEST_TIMER,
    expected: `a number of milliseconds above 0, up to ${LONGEST_TIMER}`,
  },
  maxPerTick: COUNT,
  maxCommands: COUNT,
  maxRoundTrips: COUNT,
  whenOverBudget: { isRight: (value) => value === "warn" || value === "reject", expected: '"warn" or "reject"' },
};

function isKeepable(command: unknown): boolean {
  return typeof command === "string" && effectOf(command).kind === "read";
}

function isAbortSignal(value: unknown): value is AbortSignal {
  return typeof value === "object" && value !== null && "aborted" in value && "addEventListener" in value;
}
