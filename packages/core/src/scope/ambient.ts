import { AsyncLocalStorage } from "node:async_hooks";

/** The scope in which code runs, known by its async context: so a view of no scope can act in that of its request. */
export class Ambient<S extends { readonly isClosed: boolean }> {
  readonly #storage = new AsyncLocalStorage<S>();
  /** Until the first `run` nobody pays for the look-up. */
  #isUsed = false;

  run<T>(scope: S, fn: () => T): T {
    this.#isUsed = true;
    return this.#storage.run(scope, fn);
  }

  /** The scope of the running code; `null` outside of all, and for what goes on after its scope was closed. */
  current(): S | null {
    if (!this.#isUsed) return null;
    const scope = this.#storage.getStore();
    return scope === undefined || scope.isClosed ? null : scope;
  }
}
