import type { FlushSchedule } from "../options.ts";

// Taken once, at load: a test suite of the user's own that fakes the timers must not stop Redis from being written to.
const { setImmediate, queueMicrotask } = globalThis;
const { nextTick } = process;

/** Arranges for `flush` to run at the end of the tick. */
export type Scheduler = (flush: () => void) => void;

/** Runs at the end of this event-loop iteration, whatever schedule the user chose. */
export const atEndOfIteration: Scheduler = (flush) => {
  setImmediate(flush);
};

/** The scheduler that the `flush` option names. */
export function schedulerFor(schedule: FlushSchedule): Scheduler {
  switch (schedule) {
    case "immediate":
      return atEndOfIteration;
    case "nextTick":
      return (flush) => nextTick(flush);
    case "microtask":
      return queueMicrotask;
    default:
      return schedule;
  }
}
