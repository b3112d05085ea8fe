import { AsyncResource } from "node:async_hooks";
import DataLoader from "dataloader";
import { dropUnheard } from "../callback.ts";
import { describeKind, TickpipeTypeError } from "../errors.ts";
import { asMicrotask } from "../timers.ts";
import { answerBatch, type LoaderParts } from "./answer-batch.ts";
import { decodeText, encodeText } from "./codec.ts";
import { expiryMs } from "./expiry.ts";
import type { Entry } from "./flights.ts";
import { isRefusal } from "./read-texts.ts";
import type { CacheRedis } from "./redis-link.ts";

/**
 * What a loader does, as DataLoader has it.
 *
 * @typeParam K what an id is, as in `string`
 * @typeParam V what a value is
 */
export interface LoaderCalls<K, V> {
  /**
   * The value of an id: from this scope, else from Redis, else from `load`. The loads of a tick are one batch. Rejects with the error
   * that `load` gave for the id, with what the codec threw for it, or with `ERR_TICKPIPE_LOADER_RESULT`. Never because of Redis.
   *
   * @throws {TickpipeTypeError} `ERR_TICKPIPE_LOADER_KEY` if the id is null or undefined, or `key` makes no string of it
   */
  load(id: K): Promise<V>;

  /**
   * Like `load` for each of them; an error takes its value's place, and nothing rejects.
   *
   * @param ids any number of ids, also the same one several times
   * @returns a value or an error for each id, in the same order
   * @throws {TickpipeTypeError} `ERR_TICKPIPE_LOADER_KEY`, as `load` does, if that is so of any of them
   */
  loadMany(ids: ArrayLike<K>): Promise<(V | Error)[]>;

  /**
   * Gives a value to what has none yet: to this scope and, with the loader's time to live, to Redis. An `Error` is given to
   * this scope alone. What is there already stays; to replace it, `clear` it first.
   *
   * @param id an id that `load` takes
   * @param value what `load` is to answer with
   * @returns whether Redis has answered; never rejects
   * @throws {TickpipeTypeError} `ERR_TICKPIPE_LOADER_KEY`, as `load` does; `ERR_TICKPIPE_LOADER_RESULT` if the codec makes no string of the value
   * @throws {Error} what the codec throws
   */
  prime(id: K, value: V | Error): Promise<boolean>;

  /**
   * Makes the next `load` of this id, in this scope and in all others that have not loaded it yet, load it anew: takes it out of this scope and
   * of Redis, and sees to it that a load of it that is running is not written back.
   *
   * @param id an id that `load` takes
   * @returns whether Redis has answered: if not, an old value may be there until its time is up. Never rejects
   * @throws {TickpipeTypeError} `ERR_TICKPIPE_LOADER_KEY`, as `load` does
   */
  clear(id: K): Promise<boolean>;

  /** Takes everything out of this scope, and keeps running loads from being written back. Redis keeps what it has. */
  clearAll(): void;
}

/** What a scope, or all that is in none, calls. */
export class ScopeLoader<K, V> implements LoaderCalls<K, V> {
  readonly #parts: LoaderParts<K, V>;
  readonly #redis: CacheRedis;
  #loads: DataLoader<Entry<K>, V, string>;
  readonly #makeLoads: (keeps: boolean) => DataLoader<Entry<K>, V, string>;

  /**
   * @param keeps whether to keep what was loaded for as long as this object lives
   * @param beforeFlush runs something at the end of the tick, in time for its write
   */
  constructor(parts: LoaderParts<K, V>, redis: CacheRedis, keeps: boolean, beforeFlush: (work: () => void) => void) {
    this.#parts = parts;
    this.#redis = redis;
    const forget = (entry: Entry<K>): void => {
      this.#loads.clear(entry);
    };
    const answer = (entries: readonly Entry<K>[]): Promise<V[]> =>
      // DataLoader resolves each load with its element, so that a promise is as good as a value. Its type does not say so.
      answerBatch(parts, redis, entries, forget) as Promise<unknown[]> as Promise<V[]>;
    this.#makeLoads = (cache) =>
      new DataLoader<Entry<K>, V, string>(answer, {
        cache,
        cacheKeyFn: ({ key }) => key,
        maxBatchSize: parts.options.maxBatchSize,
        batchScheduleFn: (dispatch) => scheduleBatch(dispatch, beforeFlush),
      });
    this.#loads = this.#makeLoads(keeps);
  }

  load(id: K): Promise<V> {
    const loaded: Promise<V> = this.#loads.load(this.#entry(id)).catch((error: unknown) => {
      // A scope that refuses calls: nobody may be waiting for this one.
      if (isRefusal(error)) dropUnheard(loaded);
      throw error;
    });
    return loaded;
  }

  /** Lets go of what it has loaded, and keeps nothing from now on: its scope was closed. */
  letGo(): void {
    this.#loads = this.#makeLoads(false);
  }

  loadMany(ids: ArrayLike<K>): Promise<(V | Error)[]> {
    return this.#loads.loadMany(Array.from(ids, (id) => this.#entry(id)));
  }

  prime(id: K, value: V | Error): Promise<boolean> {
    const entry = this.#entry(id);
    if (value instanceof Error) {
      this.#loads.prime(entry, value);
      return Promise.resolve(true);
    }
    const { codec } = this.#parts.options;
    const text = encodeText(codec, value);
    this.#loads.prime(entry, decodeText(codec, text));
    const ms = expiryMs(text, this.#parts.options);
    if (ms === null) return Promise.resolve(true);
    return this.#isAnswered((redis) => redis.set(entry.key, text, "PX", ms, "NX"));
  }

  clear(id: K): Promise<boolean> {
    const entry = this.#entry(id);
    this.#loads.clear(entry);
    this.#parts.flights.forget(entry.key);
    return this.#isAnswered((redis) => redis.del(entry.key));
  }

  clearAll(): void {
    this.#loads.clearAll();
    this.#parts.flights.forget();
  }

  #entry(id: K): Entry<K> {
    if (id === null || id === undefined) {
      throw new TickpipeTypeError("ERR_TICKPIPE_LOADER_KEY", `Expected the loader to be given an id, got ${id}.`);
    }
    const key: unknown = this.#parts.options.key(id);
    if (typeof key === "string") return { id, key };
    throw new TickpipeTypeError(
      "ERR_TICKPIPE_LOADER_KEY",
      `Expected the loader's key function to make a string, got ${describeKind(key)}.`,
    );
  }

  async #isAnswered(call: (redis: CacheRedis) => Promise<unknown>): Promise<boolean> {
    try {
      try {
        await call(this.#redis);
      } catch (error) {
        // What changed is to be cleared even after the request, whose scope takes no calls any more.
        if (!isRefusal(error)) throw error;
        await this.#parts.flights.callOutside(call);
      }
      return true;
    } catch {
      this.#parts.counters.redisErrors += 1;
      return false;
    }
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
