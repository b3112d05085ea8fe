import { type KeepableCall, KeptCall, type KeptFor } from "../call/kept-call.ts";
import { atEndOfIteration } from "../timers.ts";

/** So many commands of one scope in each turn of the event loop; those beyond wait for the next turns, in order. */
export class Turns {
  readonly #kept: KeptFor;
  readonly #perTurn: number;
  /** How many commands each call that waits has. */
  readonly #waiting = new Map<KeptCall, number>();
  #left: number;
  #nextScheduled = false;

  constructor(kept: KeptFor, perTurn: number) {
    this.#kept = kept;
    this.#perTurn = perTurn;
    this.#left = perTurn;
  }

  /** Whether calls wait for a later turn. */
  get hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /**
   * Makes a call now if this turn has room for it, else in a later one.
   *
   * @param dropped is told if the call is given up while it waits
   */
  run(commands: number, call: KeepableCall, dropped: (error: Error) => void): unknown {
    if (this.#waiting.size === 0 && this.#take(commands)) return call.make();
    if (call.isUnwritable?.()) return call.make();
    const kept = new KeptCall(this.#kept, call, this.#kept.line.enter(), (error) => {
      this.#waiting.delete(kept);
      dropped(error);
    });
    this.#waiting.set(kept, commands);
    return kept.promise;
  }

  // A call that is larger than a turn has one of its own.
  #take(commands: number): boolean {
    if (commands > this.#left && this.#left !== this.#perTurn) return false;
    this.#left -= commands;
    if (!this.#nextScheduled) {
      this.#nextScheduled = true;
      atEndOfIteration(this.#nextTurn);
    }
    return true;
  }

  readonly #nextTurn = (): void => {
    this.#nextScheduled = false;
    this.#left = this.#perTurn;
    for (const [kept, commands] of this.#waiting) {
      if (!this.#take(commands)) break;
      this.#waiting.delete(kept);
      kept.go();
    }
  };
}
