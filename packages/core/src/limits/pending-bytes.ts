import type { Pending } from "../queues/pending.ts";
import { bytesOf } from "../queues/queues.ts";
import { atEndOfIteration } from "../timers.ts";

/**
 * How many bytes of arguments are pending on a client, as exactly as a cap needs it.
 *
 * Calls are added as they are made. What has been answered is taken off only when the cap seems to be reached: then the
 * queues are counted anew, at most once in an event-loop iteration, since replies come between iterations.
 */
export class PendingBytes {
  readonly #pending: Pending;
  readonly #cap: number;
  #atMost = 0;
  #isFresh = false;

  constructor(pending: Pending, cap: number) {
    this.#pending = pending;
    this.#cap = cap;
  }

  /** What was pending when it was last counted, and all that was added since. */
  get atMost(): number {
    return this.#atMost;
  }

  /** The bytes of a call's arguments; 0 without a cap, where nobody asks. */
  of(args: readonly unknown[]): number {
    return this.#cap === Number.POSITIVE_INFINITY ? 0 : bytesOf(args);
  }

  add(bytes: number): void {
    this.#atMost += bytes;
  }

  /** Has the queues counted again the next time that the cap seems to be reached, even in this iteration. */
  forget(): void {
    this.#isFresh = false;
  }

  hasRoomFor(bytes: number): boolean {
    if (this.#atMost + bytes > this.#cap && !this.#isFresh) this.#count();
    return this.#atMost + bytes <= this.#cap;
  }

  #count(): void {
    this.#atMost = this.#pending.bytes();
    this.#isFresh = true;
    atEndOfIteration(() => this.forget());
  }
}
