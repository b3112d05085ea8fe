/** How many requests are recorded: so many a second, and as many at once after a quiet second. */
export class Pace {
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #at: number;
  #refused = 0;

  /** @param now a monotonic clock, in milliseconds */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = perSecond;
    this.#at = now();
  }

  /** How many came too fast so far. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether one more is to be recorded now. */
  take(): boolean {
    const now = this.#now();
    const gained = ((now - this.#at) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#perSecond, this.#left + gained);
    this.#at = now;
    if (this.#left < 1) {
      this.#refused += 1;
      return false;
    }
    this.#left -= 1;
    return true;
  }

  /** Gives one back: it turned out that there was nothing to record. */
  giveBack(): void {
    this.#left = Math.min(this.#perSecond, this.#left + 1);
  }
}
