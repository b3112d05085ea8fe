import type { Effect } from "../commands/table.ts";
import { redisKeys, textOnTheWire } from "./read-key.ts";

/** So many keys are remembered one by one; with more, all are taken to be written. */
const MOST_KEYS = 1_000;

/** Remembers what was written when, as far as reads that are kept must know it. */
export class WriteLog {
  #now = 0;
  #lastWrite = 0;
  #lastOfAnything = 0;
  #lastOf = new Map<string, number>();

  /** Stands for the moment, between the writes before it and those after it. */
  get now(): number {
    return this.#now;
  }

  /** Notes that a call with this effect was made. */
  note({ effect, keys }: Effect, args: readonly unknown[]): void {
    if (effect !== "write") return;
    const [first] = args;
    // By far the most writes, without the lists that the general way makes.
    if (keys === "first" && typeof first === "string" && this.#lastOf.size < MOST_KEYS) {
      this.#lastWrite = this.#now += 1;
      this.#lastOf.set(textOnTheWire(first), this.#now);
      return;
    }
    const written = redisKeys(keys, args);
    this.#lastWrite = this.#now += 1;
    if (written === null || this.#lastOf.size + written.length > MOST_KEYS) this.noteAnything();
    else for (const key of written) this.#lastOf.set(key, this.#now);
  }

  /** Notes that anything may have been written. */
  noteAnything(): void {
    this.#lastWrite = this.#lastOfAnything = this.#now += 1;
    this.clear();
  }

  /** Whether something was written since then that could change the answer to this read. */
  hasChangedSince(moment: number, { keys }: Effect, args: readonly unknown[]): boolean {
    if (this.#lastWrite <= moment) return false;
    if (this.#lastOfAnything > moment) return true;
    const read = redisKeys(keys, args);
    return read === null || read.some((key) => (this.#lastOf.get(key) ?? 0) > moment);
  }

  /** Forgets single keys, where nothing that was kept before is asked about any more. */
  clear(): void {
    // Another Map, and not an empty one: see `Sent` in tick-reads.ts.
    if (this.#lastOf.size > 0) this.#lastOf = new Map();
  }
}
