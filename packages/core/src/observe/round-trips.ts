import type { OutcomeWatcher } from "../commands/watched-command.ts";

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
  /** Reads that were answered from the scope's memo; `commands` does not count them. */
  readonly memoHits: number;
  /** Time during which at least one call was waiting for its reply, in milliseconds. */
  readonly waitedMs: number;
}

/** Tells a tally of the calls of one wave, of which nothing else is asked: one for all of them. */
export class WaveOfCalls implements OutcomeWatcher {
  readonly number: number;
  readonly #tally: RoundTripTally;

  constructor(tally: RoundTripTally, number: number) {
    this.#tally = tally;
    this.number = number;
  }

  replied(): void {
    this.#tally.settled(this.number, 0);
  }

  failed(): void {
    this.#tally.settled(this.number, 1);
  }
}

const performanceNow = (): number => performance.now();

/** Counts the waves, the errors and the waiting of one scope. */
export class RoundTripTally {
  readonly #now: () => number;
  #commands = 0;
  #errors = 0;
  #memoHits = 0;
  #lastWave = 0;
  #lastRepliedWave = 0;
  #waiting = 0;
  #waitingSince = 0;
  #waitedMs = 0;
  #plainWave: WaveOfCalls | null = null;

  /** @param now a monotonic clock, in milliseconds */
  constructor(now: () => number = performanceNow) {
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

  /** Notes a call of which nothing but its outcome is asked, and that is told to what it returns. */
  calledInWave(commands: number): WaveOfCalls {
    const wave = this.called(commands);
    if (this.#plainWave?.number !== wave) this.#plainWave = new WaveOfCalls(this, wave);
    return this.#plainWave;
  }

  /** Notes that a call of `wave` has its reply, or failed with `errors` errors. */
  settled(wave: number, errors: number): void {
    this.#errors += errors;
    if (wave > this.#lastRepliedWave) this.#lastRepliedWave = wave;
    this.#waiting -= 1;
    if (this.#waiting === 0) this.#waitedMs += this.#now() - this.#waitingSince;
  }

  /** What the counts would be with one more call of so many commands. */
  with(commands: number): { readonly commands: number; readonly roundTrips: number } {
    return {
      commands: this.#commands + commands,
      roundTrips: Math.max(this.#lastWave, this.#lastRepliedWave + 1),
    };
  }

  /** The latest wave; 1 before any call. */
  get wave(): number {
    return Math.max(this.#lastWave, 1);
  }

  /** Notes a read that needed no call. */
  answeredFromMemo(): void {
    this.#memoHits += 1;
  }

  snapshot(): ScopeStats {
    const stillWaiting = this.#waiting > 0 ? this.#now() - this.#waitingSince : 0;
    return {
      commands: this.#commands,
      roundTrips: this.#lastWave,
      errors: this.#errors,
      memoHits: this.#memoHits,
      waitedMs: this.#waitedMs + stillWaiting,
    };
  }
}
