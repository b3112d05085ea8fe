import type { Scheduler } from "./schedule.ts";

/** An end of the tick that is arranged once, however often it is asked for. */
export class ScheduledEnd {
  readonly #end: () => void;
  #isScheduled = false;

  constructor(end: () => void) {
    this.#end = end;
  }

  arrange(schedule: Scheduler): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    try {
      schedule(this.#run);
    } catch (error) {
      // A user's schedule that throws would leave what is held corked for ever.
      this.#run();
      throw error;
    }
  }

  // One function for all ticks: a closure for each would cost an allocation per tick.
  readonly #run = (): void => {
    this.#isScheduled = false;
    this.#end();
  };
}
