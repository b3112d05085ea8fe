import timers from "node:timers";

/*
 * When Tickpipe's own work runs. Everything in this package that a call waits for is scheduled here, and never by the global functions: a
 * test suite may have replaced those by fakes, before this module was loaded or after, and what waits for a fake clock waits for ever.
 *
 * Not for what the user asked for in milliseconds (`deadlineMs`, `commandTimeout`): a fake clock may well drive that, as it drives ioredis's.
 */

type Run = () => void;

/** Where the functions are looked for. @sinonjs/fake-timers replaces both; a Jest environment has globals apart from Node's module. */
const PLACES: readonly { readonly [name: string]: unknown }[] = [globalThis, timers];

/** Runs `run` at the end of this event-loop iteration; among the microtasks, where every `setImmediate` at hand is a fake. */
export function atEndOfIteration(run: Run): void {
  const schedule = immediate ?? look();
  if (schedule === null) asPromise(run);
  else schedule(run);
}

/** Runs `run` after the running callback. */
export const afterCallback: (run: Run) => void = unlessFake(process.nextTick, (real) => (run) => real(run));

/** Runs `run` with the microtasks. */
export const asMicrotask: (run: Run) => void = unlessFake(globalThis.queueMicrotask, (real) => real);

/** Runs `run` after so many milliseconds by the real clock. */
export function afterMs(ms: number, run: Run): void {
  if (timeout !== null) timeout(run, ms);
  // It has a timer of Node's internals, which no fake replaces.
  else AbortSignal.timeout(ms).addEventListener("abort", run, { once: true });
}

/** Resolves after so many milliseconds by the real clock. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => afterMs(ms, resolve));
}

type SetImmediate = (run: Run) => unknown;
type SetTimeout = (run: Run, ms: number) => unknown;

// Found once, at load: who fakes the timers later does not stop what was called.
let immediate = realIn<SetImmediate>("setImmediate", "clearImmediate", "_onImmediate");
const timeout = realIn<SetTimeout>("setTimeout", "clearTimeout", "_idleTimeout");

/** Looks once more: the fakes of the time of loading may be gone. */
function look(): SetImmediate | null {
  immediate = realIn<SetImmediate>("setImmediate", "clearImmediate", "_onImmediate");
  return immediate;
}

/** @param sign what Node's own timers have, and those of fakes do not */
function realIn<Set extends (run: Run, ms: number) => unknown>(name: string, clear: string, sign: string): Set | null {
  for (const place of PLACES) {
    const set = place[name];
    if (typeof set === "function" && isReal(set as Set, place[clear], sign)) return set as Set;
  }
  return null;
}

function isReal(set: (run: Run, ms: number) => unknown, clear: unknown, sign: string): boolean {
  if (isMarked(set)) return false;
  // Other fakes are told by what they return: node:test's have no mark.
  const timer = set(() => {}, 0);
  if (typeof clear === "function") clear(timer);
  return typeof timer === "object" && timer !== null && sign in timer;
}

/** Fakes of @sinonjs/fake-timers, which Jest, Vitest and sinon use, have a `clock`. Those of Jest's legacy timers are mock functions. */
function isMarked(schedule: object): boolean {
  return "clock" in schedule || "_isMockFunction" in schedule;
}

function unlessFake<Schedule extends (run: Run) => void>(
  schedule: Schedule,
  use: (real: Schedule) => (run: Run) => void,
): (run: Run) => void {
  return typeof schedule !== "function" || isMarked(schedule) ? asPromise : use(schedule);
}

/** No fake replaces what a promise runs. */
function asPromise(run: Run): void {
  void Promise.resolve().then(run);
}
