import type { Caller } from "../call/caller.ts";
import type { Lane } from "./lane-pool.ts";
import type { LaneRoute } from "./lane-route.ts";
import type { TransactionSettings } from "./transaction-arguments.ts";

/** The function of a transaction; it returns its `tx.multi()`, or `null` or `undefined`. */
export type TransactionFunction = (tx: object) => unknown;

/** What a transaction is to do, as of its call. */
export interface TransactionWork extends TransactionSettings {
  readonly to: LaneRoute;
  readonly keys: readonly (string | Uint8Array)[];
  readonly fn: TransactionFunction;
}

/**
 * One transaction from its call to its outcome. It is stopped when its caller has gone or its client ends: then nothing more is done for
 * it, except that an EXEC that was sent is waited for by its connection.
 */
export class TransactionRun {
  readonly work: TransactionWork;
  /** The connection that it has; `null` while it waits for one. */
  lane: Lane | null = null;
  /** What settles with its EXEC, once that was called; `null` before. */
  executing: Promise<unknown> | null = null;
  readonly #forgetCaller: () => void;
  #stopped: { readonly error: Error } | null = null;
  #interrupt: (error: Error) => void = () => {};
  #leave: (error: Error) => void = () => {};

  constructor(work: TransactionWork, caller: Caller | null) {
    this.work = work;
    this.#forgetCaller = caller?.onGone((error) => this.stop(error)) ?? (() => {});
  }

  /** Stops the transaction: its caller has this error. Only the first time counts. */
  stop(error: Error): void {
    if (this.#stopped !== null) return;
    this.#stopped = { error };
    this.#interrupt(error);
    this.#leave(error);
  }

  /** Whether it was stopped. */
  get isStopped(): boolean {
    return this.#stopped !== null;
  }

  /** @throws the error that it was stopped with */
  assertGoesOn(): void {
    if (this.#stopped !== null) throw this.#stopped.error;
  }

  /**
   * Returns what the caller has: the outcome of the transaction, or the error that it was stopped with.
   *
   * @param run runs the transaction; not called for one that is stopped already
   */
  async outcomeOf(run: () => Promise<unknown>): Promise<unknown> {
    try {
      this.assertGoesOn();
      return await new Promise((resolve, reject) => {
        this.#leave = reject;
        run().then(resolve, reject);
      });
    } finally {
      this.#forgetCaller();
    }
  }

  /** Waits for `work`, unless the transaction is stopped first: then nobody hears of the work. @throws the error that it was stopped with */
  until<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      if (this.#stopped !== null) reject(this.#stopped.error);
      work.then(resolve, reject);
    });
  }
}
