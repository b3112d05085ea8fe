/**
 * Whoever waits for the calls of one scope, as a stage sees them that keeps a call before it is sent: a scope's turns, a cap, a lane, a
 * transaction. `null` in the place of a caller stands for one that always waits.
 */
export class Caller {
  readonly #listeners = new Set<(error: Error) => void>();
  #makeError: (() => Error) | null = null;

  /** Whether nobody waits any more. */
  get hasGone(): boolean {
    return this.#makeError !== null;
  }

  /** The error to reject a call with that nobody waits for; a new one each time. */
  error(): Error {
    return this.#makeError?.() ?? new Error("The caller still waits.");
  }

  /**
   * Calls `listener` once, with an error of its own, when nobody waits any more; at once if that is so already.
   *
   * @returns takes the listener away; to be called when the call is sent or has settled
   */
  onGone(listener: (error: Error) => void): () => void {
    if (this.#makeError !== null) {
      listener(this.#makeError());
      return () => {};
    }
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Tells all who keep a call that nobody waits for it any more. Only the first time counts. */
  leave(makeError: () => Error): void {
    if (this.#makeError !== null) return;
    this.#makeError = makeError;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener(makeError());
  }
}
