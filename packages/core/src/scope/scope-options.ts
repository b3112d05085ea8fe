import { rowOf } from "../commands/table.ts";
import type { ScopeOptions } from "../controls.ts";
import { checkedOptions, type OptionChecks, oneOf, SWITCH, WHOLE_NUMBER } from "../option-checks.ts";
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

/**
 * Checks the options of a scope.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION` for an unknown or a wrong option
 */
export function resolveScopeOptions(options: unknown): ResolvedScopeOptions {
  if (options === undefined) return DEFAULTS;
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
  } = checkedOptions<ScopeOptions>(options, CHECKS, "scope()");
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

const CHECKS: OptionChecks<keyof ScopeOptions> = {
  name: { isRight: (value) => typeof value === "string", expected: "a string" },
  memo: {
    isRight: (value) => typeof value === "boolean" || (Array.isArray(value) && value.every(isKeepable)),
    expected: 'true, false or a list of read commands in lower case, as in ["get", "hgetall"]',
  },
  signal: { isRight: isAbortSignal, expected: "an AbortSignal" },
  abortable: SWITCH,
  deadlineMs: {
    isRight: (value) => typeof value === "number" && value > 0 && value <= LONGEST_TIMER,
    expected: `a number of milliseconds above 0, up to ${LONGEST_TIMER}`,
  },
  maxPerTick: WHOLE_NUMBER,
  maxCommands: WHOLE_NUMBER,
  maxRoundTrips: WHOLE_NUMBER,
  whenOverBudget: oneOf("warn", "reject"),
};

function isKeepable(command: unknown): boolean {
  return typeof command === "string" && rowOf(command).effect === "read";
}

function isAbortSignal(value: unknown): value is AbortSignal {
  return typeof value === "object" && value !== null && "aborted" in value && "addEventListener" in value;
}
