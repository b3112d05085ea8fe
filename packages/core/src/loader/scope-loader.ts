import { AsyncResource } from "node:async_hooks";
import DataLoader from "dataloader";
import { describeKind, TickpipeTypeError } from "../errors.ts";
import { asMicrotask } from "../timers.ts";
import { type Asker, answerBatch, type LoaderParts } from "./answer-batch.ts";
import type { CacheRedis } from "./cache-writes.ts";
import { decodeText, encodeText } from "./codec.ts";
import { expiryMs } from "./expiry.ts";
import { KeptEntries, KeptEntry } from "./kept-entries.ts";
import type { LoaderCalls } from "./loader-calls.ts";

/** What a loader has to know of a scope. */
export interface LoaderScopeLife {
  /** Why it takes no calls any more, aborted or late, as a new error; `null` otherwise. */
  refusal(): Error | null;
  /** What the work comes to, or that error if it is first. */
  interruptible<T>(work: Promise<T>): Promise<T>;
}

/** What a scope, or all that is in none, calls. */
export class ScopeLoader<K, V> implements LoaderCalls<K, V> {
  readonly #parts: LoaderParts<K, V>;
  readonly #asker: Asker;
  readonly #life: LoaderScopeLife | null;
  readonly #beforeFlush: (work: () => void) => void;
  /** What DataLoader keeps; `null` where it keeps nothing: outside of scopes, and once the scope is closed. */
  #kept: KeptEntries<K> | null;
  #loads: DataLoader<KeptEntry<K>, V, string>;

  /**
   * @param redis makes the reads
   * @param life the scope whose reads they are, which keeps what was loaded; `null` outside of scopes
   * @param beforeFlush runs something at the end of the tick, in time for its write
   */
  constructor(
    parts: LoaderParts<K, V>,
    redis: CacheRedis,
    life: LoaderScopeLife | null,
    beforeFlush: (work: () => void) => void,
  ) {
    this.#parts = parts;
    this.#asker = { redis, refusal: () => life?.refusal() ?? null };
    this.#life = life;
    this.#beforeFlush = beforeFlush;
    this.#kept = life === null ? null : new KeptEntries();
    this.#loads = this.#dataLoader();
  }

  /** Lets go of all that was loaded, and keeps nothing from now on: for a scope that is closed, and whose view may be held for long. */
  stopKeeping(): void {
    this.#kept = null;
    this.#loads = this.#dataLoader();
  }

  load(id: K): Promise<V> {
    return this.#load(this.#entry(id));
  }

  loadMany(ids: ArrayLike<K>): Promise<(V | Error)[]> {
    const entries = Array.from(ids, (id) => this.#entry(id));
    return Promise.all(entries.map((entry) => this.#load(entry).catch((error: Error) => error)));
  }

  prime(id: K, value: V | Error): Promise<boolean> {
    const entry = this.#entry(id);
    if (value instanceof Error) {
      this.#primeScope(entry, value);
      return Promise.resolve(true);
    }
    const { options, flights, link, writes } = this.#parts;
    const text = encodeText(options.codec, value);
    this.#primeScope(entry, decodeText(options.codec, text));
    flights.forget(entry.key);
    const ms = expiryMs(text, options);
    // A prime that waits until Redis is back may be older by then than what is there.
    return this.#isAnswered(link.isUp ? writes.prime(entry.key, text, ms) : writes.clear(entry.key));
  }

  clear(id: K): Promise<boolean> {
    const { flights, writes } = this.#parts;
    const entry = this.#entry(id);
    this.#forget(entry);
    flights.forget(entry.key);
    return this.#isAnswered(writes.clear(entry.key));
  }

  clearAll(): void {
    this.#kept?.clear();
    this.#loads.clearAll();
    this.#parts.flights.forget();
  }

  #load(entry: KeptEntry<K>): Promise<V> {
    const promise = this.#loads.load(entry);
    if (this.#kept !== null) this.#kept.asked(entry, promise);
    else entry.waiting?.push(promise);
    return promise;
  }

  #primeScope(entry: KeptEntry<K>, value: V | Error): void {
    if (this.#kept === null || this.#kept.hasValue(entry)) return;
    this.#loads.clear(entry).prime(entry, value);
    this.#kept.primed(entry, value !== null && value !== undefined);
  }

  #forget(entry: KeptEntry<K>): void {
    this.#loads.clear(entry);
    this.#kept?.forget(entry);
  }

  #dataLoader(): DataLoader<KeptEntry<K>, V, string> {
    const kept = this.#kept;
    const answer = async (entries: readonly KeptEntry<K>[]): Promise<V[]> => {
      const answers = await answerBatch(this.#parts, this.#asker, entries, (entry) => this.#forgetIfKept(entry));
      const own = this.#life === null ? answers : answers.map((each, index) => this.#ownAnswer(entries[index], each));
      // DataLoader resolves each load with its element, so that a promise is as good as a value. Its type does not say so.
      return own as unknown[] as V[];
    };
    return new DataLoader<KeptEntry<K>, V, string>(answer, {
      cache: kept !== null,
      cacheKeyFn: ({ key }) => key,
      maxBatchSize: this.#parts.options.maxBatchSize,
      batchScheduleFn: (dispatch) => scheduleBatch(dispatch, this.#beforeFlush),
    });
  }

  /** The answer as its scope has it: not later than the scope's end, if that is by abort or deadline. */
  #ownAnswer(entry: KeptEntry<K> | undefined, given: Promise<V>): Promise<V> {
    if (entry === undefined || this.#life === null) return given;
    const answer = this.#life.interruptible(given);
    answer.then(
      (value) => entry.answered(value !== null && value !== undefined),
      (error) => {
        if (entry.failed(error)) this.#forgetIfKept(entry);
      },
    );
    return answer;
  }

  #forgetIfKept(entry: KeptEntry<K>): void {
    if (this.#kept?.isCurrent(entry) ?? false) this.#forget(entry);
  }

  #entry(id: K): KeptEntry<K> {
    if (id === null || id === undefined) {
      throw new TickpipeTypeError("ERR_TICKPIPE_LOADER_KEY", `Expected the loader to be given an id, got ${id}.`);
    }
    const key: unknown = this.#parts.options.key(id);
    if (typeof key === "string") return new KeptEntry(id, key);
    throw new TickpipeTypeError(
      "ERR_TICKPIPE_LOADER_KEY",
      `Expected the loader's key function to make a string, got ${describeKind(key)}.`,
    );
  }

  /** Whether Redis has answered in time. */
  async #isAnswered(work: Promise<unknown>): Promise<boolean> {
    const { counters, link, options } = this.#parts;
    let isAnswered = false;
    const answered = work.then(
      () => {
        isAnswered = true;
      },
      () => {},
    );
    await link.wait(answered, options.redisTimeoutMs);
    if (!isAnswered) counters.redisErrors += 1;
    return isAnswered;
  }
}

function scheduleBatch(dispatch: () => void, beforeFlush: (work: () => void) => void): void {
  let isScheduling = true;
  // In the context of the batch's first caller: the end of the tick is shared by all.
  const dispatchInContext = AsyncResource.bind(dispatch);
  try {
    // DataLoader adds the first id to its batch only after this: dispatched at once, the batch would be closed without it.
    beforeFlush(() => (isScheduling ? asMicrotask(dispatchInContext) : dispatchInContext()));
  } finally {
    isScheduling = false;
  }
}
