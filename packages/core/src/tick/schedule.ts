import type { FlushSchedule } from "../options.ts";
import { afterCallback, asMicrotask, atEndOfIteration } from "../timers.ts";

/** Arranges for `flush` to run at the end of the tick. */
export type Scheduler = (flush: () => void) => void;

/** The scheduler that the `flush` option names. */
export function schedulerFor(schedule: FlushSchedule): Scheduler {
  switch (schedule) {
    case "immediate":
      return atEndOfIteration;
    case "nextTick":
      return afterCallback;
    case "microtask":
      return asMicrotask;
    default:
      return schedule;
  }
}
