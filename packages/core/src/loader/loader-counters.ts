/** What `loader.stats()` returns: counts since the loader was made, scopes included. Ids with the same key, asked for together, count once. */
export interface LoaderStats {
  /** Values found in Redis. */
  readonly hits: number;
  /** Found in Redis: that the thing does not exist. */
  readonly negativeHits: number;
  /** Not found in Redis, or not asked for there because it is gone. */
  readonly misses: number;
  /** Misses that were answered by a load that was running already. */
  readonly joined: number;
  /** Calls of `load`. */
  readonly loads: number;
  /** Ids given to `load`. */
  readonly loadedKeys: number;
  /** Ids that `load` failed for, or whose value could not be encoded. */
  readonly failedKeys: number;
  /** Reads, writes and deletions that failed in Redis or took too long, or were left out because it is gone. */
  readonly redisErrors: number;
  /** Texts in Redis that the codec could not decode. */
  readonly decodeErrors: number;
}

/** The same, to be counted up. */
export type LoaderCounters = { -readonly [Name in keyof LoaderStats]: LoaderStats[Name] };

export function startCounting(): LoaderCounters {
  return {
    ...{ hits: 0, negativeHits: 0, misses: 0, joined: 0, loads: 0, loadedKeys: 0 },
    ...{ failedKeys: 0, redisErrors: 0, decodeErrors: 0 },
  };
}
