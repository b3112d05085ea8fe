/**
 * Whoever waits for the calls of one scope, as a stage sees them that keeps a call before it is sent: a scope's turns, a cap, a lane, a
 * transaction. `null` in the place of a caller stands for one that always waits.
 */
export class Caller {
  #listeners: Set<(error: Error) => void> | null = null;
  #makeError: (() => Error) | null = null;

  /** Whoever waits for all calls of the scope: the same for each of them. */
  get ofScope(): Caller {
    return this;
  }

  /** Whether nobody waits any more. */
  get hasGone(): boolean {
    return this.#makeError !== null;
  }

  /** Whether the call has its outcome in any case. */
  get staysForReply(): boolean {
    return false;
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
    this.#listeners ??= new Set();
    const listeners = this.#listeners;
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  /** Tells all who keep a call that nobody waits for it any more. Only the first time counts. */
  leave(makeError: () => Error): void {
    if (this.#makeError !== null) return;
    this.#makeError = makeError;
    const listeners = [...(this.#listeners ?? [])];
    this.#listeners = null;
    for (const listener of listeners) listener(makeError());
  }

  /**
   * Notes that the call blocks on the client's own connection. It is not given up there: what it takes from a list would be lost.
   */
  blocksInline(): void {}
}

/** Whoever waits for one call that may block: the scope's caller, and where the call was made. */
export class CallerOfBlocking extends Caller {
  readonly #scope: Caller;
  #isInline = false;

  constructor(scope: Caller) {
    super();
    this.#scope = scope;
  }

  override get ofScope(): Caller {
    return this.#scope;
  }

  override get hasGone(): boolean {
    return this.#scope.hasGone;
  }

  override get staysForReply(): boolean {
    return this.#isInline;
  }

  override error(): Error {
    return this.#scope.error();
  }

  override onGone(listener: (error: Error) => void): () => void {
    return this.#scope.onGone(listener);
  }

  override blocksInline(): void {
    this.#isInline = true;
  }
}
