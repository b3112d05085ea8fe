import { dropUnheard } from "../callback.ts";
import { TickpipeError } from "../errors.ts";
import type { Entry } from "./flight.ts";

/** An id with its key, and what one scope knows of its load. */
export class KeptEntry<K> implements Entry<K> {
  readonly id: K;
  readonly key: string;
  /** Whether the load has given a value, and not an absence or an error. */
  hasValue = false;
  /** What callers have who wait for it; `null` once it has settled. */
  waiting: Promise<unknown>[] | null = [];

  constructor(id: K, key: string) {
    this.id = id;
    this.key = key;
  }

  answered(hasValue: boolean): void {
    this.hasValue = hasValue;
    this.waiting = null;
  }

  /**
   * Lets nobody hear of it if the scope has ended: nobody may be waiting for the load any more.
   *
   * @returns whether it is so
   */
  failed(error: unknown): boolean {
    const waiting = this.waiting ?? [];
    this.waiting = null;
    const isEnd = error instanceof TickpipeError && ENDS.includes(error.code);
    if (isEnd) for (const promise of waiting) dropUnheard(promise);
    return isEnd;
  }
}

const ENDS: readonly string[] = ["ERR_TICKPIPE_ABORTED", "ERR_TICKPIPE_DEADLINE"];

/** What the DataLoader of one scope has a promise for, and what is known of it. */
export class KeptEntries<K> {
  readonly #current = new Map<string, KeptEntry<K>>();

  /** To be called after a load, with the promise that its caller has. */
  asked(entry: KeptEntry<K>, promise: Promise<unknown>): void {
    let current = this.#current.get(entry.key);
    if (current === undefined) {
      current = entry;
      this.#current.set(entry.key, entry);
    }
    current.waiting?.push(promise);
  }

  primed(entry: KeptEntry<K>, hasValue: boolean): void {
    entry.answered(hasValue);
    this.#current.set(entry.key, entry);
  }

  /** Whether there is a value that stays. */
  hasValue({ key }: Entry<K>): boolean {
    return this.#current.get(key)?.hasValue ?? false;
  }

  isCurrent(entry: KeptEntry<K>): boolean {
    return this.#current.get(entry.key) === entry;
  }

  forget({ key }: Entry<K>): void {
    this.#current.delete(key);
  }

  clear(): void {
    this.#current.clear();
  }
}
