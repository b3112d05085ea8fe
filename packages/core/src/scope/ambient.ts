import { AsyncLocalStorage } from "node:async_hooks";

/** Where calls of views of no scope go that are made in a scope's async context. */
export interface AmbientGate {
  /** Whether its scope has ended, and none of its calls waits for a turn. */
  readonly isOver: boolean;
}

/** The gate of the running code, known by its async context: so a view of no scope is observed in its request, or acts in it. */
export class Ambient<G extends AmbientGate> {
  readonly #storage = new AsyncLocalStorage<G>();
  /** Until the first `run` nobody pays for the look-up. */
  #isUsed = false;

  run<T>(gate: G, fn: () => T): T {
    this.#isUsed = true;
    return this.#storage.run(gate, fn);
  }

  /** The gate of the running code; `null` outside of all, and for what goes on after its scope has ended. */
  current(): G | null {
    if (!this.#isUsed) return null;
    const gate = this.#storage.getStore();
    return gate === undefined || gate.isOver ? null : gate;
  }
}
