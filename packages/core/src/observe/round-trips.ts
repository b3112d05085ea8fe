/** What a scope has counted so far. */
export interface ScopeStats {
  /** Commands called through the scope; a pipeline counts each of its commands. */
  readonly commands: number;
  /**
   * Waves of calls: a call that is made after a reply of an earlier wave has come belongs to the next one. Twenty
   * calls made together are one round trip; twenty awaited one after another are twenty.
   */
  readonly roundTrips: number;
  /** Calls that failed: rejected, thrown, or an error within a pipeline's result. */
  readonly errors: number;
  /** Time during which at least one call was waiting for its reply, in milliseconds. */
  readonly waitedMs: number;
}

/** Counts the waves, the errors and the waiting of one scope. */
export class RoundTripTally {
  readonly #now: () => number;
  #commands = 0;
  #errors = 0;
  #lastWave = 0;
  #lastRepliedWave = 0;
  #waiting = 0;
  #waitingSince = 0;
  #waitedMs = 0;

  /** @param now a monotonic clock, in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Notes a call.
   *
   * @returns its wave, to be handed to `settled` with its outcome
   */
  called(commands: number): number {
    this.#commands += commands;
    if (this.#waiting === 0) this.#waitingSince = this.#now();
    this.#waiting += 1;
    const wave = this.#lastRepliedWave + 1;
    if (wave > this.#lastWave) this.#lastWave = wave;
    return wave;
  }

  /** Notes that a call of `wave` has its reply, or failed with `errors` errors. */
  settled(wave: number, errors: number): void {
    this.#errors += errors;
    if (wave > this.#lastRepliedWave) this.#lastRepliedWave = wave;
    this.#waiting -= 1;
    if (this.#waiting === 0) this.#waitedMs += this.#now() - this.#waitingSince;
  }

  snapshot(): ScopeStats {
    const stillWaiting = this.#waiting > 0 ? this.#now() - this.#waitingSince : 0;
    return {
      commands: this.#commands,
      roundTrips: this.#lastWave,
      errors: this.#errors,
      waitedMs: this.#waitedMs + stillWaiting,
    };
  }
}
