/**
 * Counts round trips in a test of any runner, and fails it where calls wait for each other without need.
 *
 * @module testing
 */
import { AssertionError } from "node:assert";
import type { IoredisClient } from "./client.ts";
import type { Scope, Tickpiped } from "./controls.ts";
import { serialCalls } from "./diagnose/serial-calls.ts";
import type { RecordedCall, ScopeRecord } from "./observe/records.ts";
import { serialCallsText, waterfallText } from "./observe/waterfall.ts";
import { invalidOption, rejectUnknownOptions } from "./option-checks.ts";
import { tickpipe } from "./tickpipe.ts";

/**
 * A function under test: it calls the view that it is given, or the one that `tickpipe()` returned, which acts in the same scope meanwhile.
 *
 * @typeParam C the client's type, as in `Redis`
 * @typeParam T what it returns
 * @param redis a view of a scope that is opened for the function
 * @returns anything, or a promise of it, which is waited for
 */
export type FunctionUnderTest<C extends IoredisClient, T> = (redis: Tickpiped<C>) => T | PromiseLike<T>;

/** What may be expected of `expectRoundTrips()`. */
export interface RoundTripLimit {
  /** The most round trips that there may be. A whole number from 0 on. */
  atMost: number;
}

/**
 * Counts the round trips that a function makes: waves of calls, as a scope's `stats()` counts them.
 *
 * What is counted is what the function calls, and what the scopes call that are opened on the same client while it runs, such as those of
 * `perRequest()` when it sends requests to an app in the same process. Calls of loaders are shared among scopes, and not counted.
 *
 * @param redis a view, or a client that is wrapped with the default options if it is not yet
 * @param fn what is to be counted
 * @returns how many round trips were made until the function was done
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_CLIENT`, `ERR_TICKPIPE_INVALID_OPTION` if `fn` is no function
 * @throws {TickpipeError} `ERR_TICKPIPE_AUTOPIPELINING` for a plain client that `tickpipe()` refuses
 * @throws {Error} what the function throws
 */
export async function countRoundTrips<C extends IoredisClient, T>(
  redis: C,
  fn: FunctionUnderTest<C, T>,
): Promise<number> {
  const { scopes } = await run("countRoundTrips()", redis, fn);
  return roundTripsOf(scopes);
}

/**
 * Expects that a function makes at most so many round trips, counted as `countRoundTrips()` does.
 *
 * @param redis a view, or a client that is wrapped with the default options if it is not yet
 * @param fn what is to be counted
 * @param limit how many round trips there may be, as in `{ atMost: 2 }`
 * @returns what the function returns
 * @throws {AssertionError} Node's own; its message shows the calls of each round trip, and where they were made
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_CLIENT`, `ERR_TICKPIPE_INVALID_OPTION` for a wrong limit, or if `fn` is no function
 * @throws {TickpipeError} `ERR_TICKPIPE_AUTOPIPELINING` for a plain client that `tickpipe()` refuses
 * @throws {Error} what the function throws
 */
export async function expectRoundTrips<C extends IoredisClient, T>(
  redis: C,
  fn: FunctionUnderTest<C, T>,
  limit: RoundTripLimit,
): Promise<T> {
  const atMost = atMostOf(limit);
  const { result, scopes } = await run("expectRoundTrips()", redis, fn);
  const roundTrips = roundTripsOf(scopes);
  if (roundTrips <= atMost) return result;
  throw failure(expectRoundTrips, scopes, { actual: roundTrips, expected: atMost }, [
    `Expected at most ${counted(atMost, "round trip")}, got ${roundTrips}.`,
  ]);
}

/**
 * Expects that no reads of a function wait for each other without need: an `await` in a loop over keys, or reads one after another of which none holds
 * anything of an earlier reply. Both are guesses: where a reply decides whether the next read is made, use `expectRoundTrips()`. Calls that wait on the
 * server, and those whose order may matter (writes, pops, TTL), are never taken for a waterfall.
 *
 * @param redis a view, or a client that is wrapped with the default options if it is not yet
 * @param fn what is to be looked at
 * @returns what the function returns
 * @throws {AssertionError} Node's own; its message shows the calls of each round trip, the lines to change, and what to write
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_CLIENT`, `ERR_TICKPIPE_INVALID_OPTION` if `fn` is no function
 * @throws {TickpipeError} `ERR_TICKPIPE_AUTOPIPELINING` for a plain client that `tickpipe()` refuses
 * @throws {Error} what the function throws
 */
export async function expectNoWaterfall<C extends IoredisClient, T>(redis: C, fn: FunctionUnderTest<C, T>): Promise<T> {
  const { result, scopes } = await run("expectNoWaterfall()", redis, fn);
  const found = scopes.flatMap((scope) => serialCalls(scope.calls));
  if (found.length === 0) return result;
  throw failure(expectNoWaterfall, scopes, { actual: found.length, expected: 0 }, [
    "Expected no calls that wait for each other without need.",
    ...found.map(serialCallsText),
  ]);
}

interface Recorded {
  readonly roundTrips: number;
  readonly calls: readonly RecordedCall[];
  readonly droppedCalls: number;
}

async function run<C extends IoredisClient, T>(
  caller: string,
  redis: C,
  fn: FunctionUnderTest<C, T>,
): Promise<{ readonly result: T; readonly scopes: readonly Recorded[] }> {
  const view = tickpipe(redis);
  if (typeof fn !== "function") throw invalidOption(`what ${caller} is to run`, "a function", fn);
  const opened: Scope<C>[] = [];
  const closed = new Map<Scope<C>, ScopeRecord>();
  const end = view.tickpipe.record((record, scope) => closed.set(scope, record), {
    callSites: true,
    replyUses: true,
    maxCallSites: 1_000,
    opened: (scope) => opened.push(scope as Scope<C>),
  });
  const own = view.tickpipe.scope({ name: caller });
  try {
    const result = await own.run(() => fn(own.redis));
    return { result, scopes: opened.flatMap((scope) => recordedOf(closed.get(scope) ?? scope.record())) };
  } finally {
    own.close();
    end();
  }
}

function recordedOf(record: ScopeRecord | undefined): Recorded[] {
  if (record === undefined) return [];
  const { calls, droppedCalls, stats } = record;
  return calls.length === 0 ? [] : [{ roundTrips: stats.roundTrips, calls, droppedCalls }];
}

function roundTripsOf(scopes: readonly Recorded[]): number {
  return scopes.reduce((sum, { roundTrips }) => sum + roundTrips, 0);
}

function failure(
  stackStartFn: (...args: never[]) => unknown,
  scopes: readonly Recorded[],
  { actual, expected }: { readonly actual: number; readonly expected: number },
  said: readonly string[],
): AssertionError {
  const [first = "", ...rest] = said;
  const pictures = scopes.map(({ calls, droppedCalls }) => {
    const more = droppedCalls > 0 ? `\n  and ${counted(droppedCalls, "call")} more` : "";
    return waterfallText(calls) + more;
  });
  return new AssertionError({
    message: [first, ...pictures, ...rest].join("\n\n"),
    actual,
    expected,
    operator: stackStartFn.name,
    stackStartFn,
  });
}

function atMostOf(limit: unknown): number {
  const what = "the limit of expectRoundTrips()";
  if (typeof limit !== "object" || limit === null) throw invalidOption(what, "an object, as in { atMost: 2 }", limit);
  const own = rejectUnknownOptions(limit, ["atMost"], "expectRoundTrips()");
  const { atMost } = own as Partial<RoundTripLimit>;
  if (typeof atMost === "number" && Number.isInteger(atMost) && atMost >= 0) return atMost;
  throw invalidOption('option "atMost" of expectRoundTrips()', "a whole number from 0 on", atMost);
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
