import { AsyncResource } from "node:async_hooks";
import { dropUnheard } from "../callback.ts";
import { atEndOfIteration } from "../timers.ts";

interface Waiter {
  readonly commands: number;
  readonly go: () => void;
  /** What the caller has. */
  readonly promise: Promise<unknown>;
}

/** So many commands of one scope in each turn of the event loop; those beyond wait for the next turns, in order. */
export class Turns {
  readonly #perTurn: number;
  readonly #waiting = new Set<Waiter>();
  #left: number;
  #nextScheduled = false;

  constructor(perTurn: number) {
    this.#perTurn = perTurn;
    this.#left = perTurn;
  }

  /** Makes a call now if this turn has room for it, else in a later one. */
  run(commands: number, call: () => unknown): unknown {
    if (this.#waiting.size === 0 && this.#take(commands)) return call();
    // Not by `AsyncResource.bind`: the function that it makes takes 11 us, a hundred thousand of them more than a second.
    const context = new AsyncResource("TickpipeTurn");
    let settle: (outcome: unknown) => void = () => {};
    const promise = new Promise((resolve) => {
      settle = resolve;
    });
    const go = (): void => {
      try {
        settle(context.runInAsyncScope(call));
      } catch (error) {
        settle(Promise.reject(error));
      }
    };
    this.#waiting.add({ commands, go, promise });
    return promise;
  }

  /** Makes all calls that wait, at once: those of a scope that has ended, which come to nothing. */
  letAllGo(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const { go, promise } of waiting) {
      dropUnheard(promise);
      go();
    }
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
    for (const waiter of this.#waiting) {
      if (!this.#take(waiter.commands)) break;
      this.#waiting.delete(waiter);
      waiter.go();
    }
  };
}
