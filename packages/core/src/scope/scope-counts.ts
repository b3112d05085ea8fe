import { RoundTripTally } from "../observe/round-trips.ts";

/** What is counted of one scope: its own view's calls, and while it is observed all that is called in its async context. */
export class ScopeCounts {
  readonly own: RoundTripTally = new RoundTripTally();
  /** The tallies that count an own call. */
  ofOwn: readonly RoundTripTally[] = [this.own];
  #others: RoundTripTally | null = null;
  #all: RoundTripTally | null = null;

  constructor(isObserved: boolean) {
    if (isObserved) this.observe();
  }

  get areObserved(): boolean {
    return this.#all !== null;
  }

  /** Of views of no scope, called in the scope's async context. */
  get others(): RoundTripTally {
    this.#others ??= new RoundTripTally();
    return this.#others;
  }

  /** Of both. */
  get all(): RoundTripTally {
    return this.#all ?? this.own;
  }

  /** The tallies that count a call of another view. */
  get ofOthers(): readonly RoundTripTally[] {
    return [this.others, this.all];
  }

  /** Counts both from now on. */
  observe(): void {
    if (this.#all !== null) return;
    this.#all = new RoundTripTally();
    this.ofOwn = [this.own, this.#all];
  }

  answeredFromMemo(): void {
    for (const tally of this.ofOwn) tally.answeredFromMemo();
  }
}
