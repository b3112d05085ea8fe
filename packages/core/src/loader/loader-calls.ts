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
   * Gives a value to what has none yet: to this scope and, with the loader's time to live, to Redis. An absence is no value, and a load that
   * is running, in whatever process, is neither joined any more nor written back. A value that is there stays; to replace it, `clear` it first. An
   * `Error` is given to this scope alone.
   *
   * @param id an id that `load` takes
   * @param value what `load` is to answer with
   * @returns whether Redis has answered, within `redisTimeoutMs`; never rejects
   * @throws {TickpipeTypeError} `ERR_TICKPIPE_LOADER_KEY`, as `load` does; `ERR_TICKPIPE_LOADER_RESULT` if JSON does not give the value back as it
   *   was, or the codec makes no string of it
   * @throws {Error} what the codec throws
   */
  prime(id: K, value: V | Error): Promise<boolean>;

  /**
   * Makes the next `load` of this id, in this scope and in all others that have not loaded it yet, load it anew: takes it out of this scope and
   * of Redis, and sees to it that a load of it that is running, in whatever process, is not written back. Redis keeps a mark in its place for up to 10 seconds.
   *
   * @param id an id that `load` takes
   * @returns whether Redis has answered, within `redisTimeoutMs`: if not, an old value may be there until its time is up. Never rejects
   * @throws {TickpipeTypeError} `ERR_TICKPIPE_LOADER_KEY`, as `load` does
   */
  clear(id: K): Promise<boolean>;

  /** Takes everything out of this scope, and keeps running loads of this process from being written back. Redis keeps what it has. */
  clearAll(): void;
}
