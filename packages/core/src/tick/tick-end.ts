import type { Scheduler } from "./schedule.ts";

/**
 * The end of the tick, as the `flush` option puts it, for more than the flush: work that calls commands of its own is
 * done just before, so that what it calls still leaves in the tick's write.
 */
export class TickEnd {
  readonly #schedule: Scheduler;
  #work: (() => void)[] = [];
  #flush: (() => void) | null = null;
  #isScheduled = false;

  constructor(schedule: Scheduler) {
    this.#schedule = schedule;
  }

  /** Runs `flush` at the end of the tick. To be given to the cork as its scheduler. */
  readonly schedule: Scheduler = (flush) => {
    this.#flush = flush;
    this.#arrange();
  };

  /**
   * Runs `work` at the end of the tick, before the flush. With a schedule of the user's own that flushes at once, it runs
   * at once.
   */
  readonly beforeFlush = (work: () => void): void => {
    this.#work.push(work);
    this.#arrange();
  };

  /** Does now what waits for the end of the tick, but for the flush. */
  readonly workNow = (): void => {
    if (this.#work.length === 0) return;
    const work = this.#work;
    this.#work = [];
    for (const each of work) each();
  };

  readonly #end = (): void => {
    try {
      // Scheduled still: what this calls is flushed below, and needs no end of its own.
      this.workNow();
    } finally {
      this.#isScheduled = false;
      const flush = this.#flush;
      this.#flush = null;
      flush?.();
    }
    // Work that other work asked for belongs to the next tick.
    if (this.#work.length > 0) this.#arrange();
  };

  #arrange(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    try {
      this.#schedule(this.#end);
    } catch (error) {
      // A user's schedule that throws would leave this waiting for ever.
      this.#end();
      throw error;
    }
  }
}
