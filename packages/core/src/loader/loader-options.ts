import {
  checkedOptions,
  invalidOption,
  isFunction,
  isPositive,
  isWholeNumber,
  type OptionChecks,
} from "../option-checks.ts";
import { JSON_CODEC, type LoaderCodec } from "./codec.ts";

/**
 * Options of `view.tickpipe.loader()`. Validated once, at creation.
 *
 * @typeParam K what an id is, as in `string`
 * @typeParam V what a value is
 */
export interface LoaderOptions<K, V> {
  /**
   * The Redis key of an id: the same for the same thing, and different for different things, since it is also what tells
   * ids apart. Whatever a value depends on (the tenant, the user's rights, the shape's version) belongs in it.
   */
  key: (id: K) => string;
  /**
   * Loads what Redis does not have, from where it really is. Is given ids with different keys, and answers, in the same order, with a value
   * for each, with `null` or `undefined` for one that does not exist, or with an `Error` for one that failed; or with a promise of any of these, as in
   * `ids.map((id) => fetchOne(id))`, so that each id settles by itself. If it rejects, all ids of this call fail. Runs in the async context in which the loader was made, since one call may serve several requests.
   */
  load: (ids: readonly K[]) => PromiseLike<ArrayLike<V | Error | PromiseLike<V | Error>>>;
  /** How long a loaded value stays in Redis, at most, in seconds. A positive number; fractions count. */
  ttl: number;
  /**
   * How long it is remembered that something does not exist (`null` or `undefined`), at most, in seconds. Default: not
   * at all, so that it is asked for again.
   */
  negativeTtl?: number;
  /**
   * By what part of it a time to live is shortened at most, at random, so that what was cached together does not expire together. From 0 to
   * 1, which is excluded. Default 0.1: 90 % to 100 % of `ttl`.
   */
  jitter?: number;
  /**
   * How values become text and text values. Default: JSON, for what it gives back as it was; a `Date`, a `Map`, an instance of a class and the like reject with
   * `ERR_TICKPIPE_LOADER_RESULT`, and nothing is kept.
   */
  codec?: LoaderCodec<V>;
  /** How many ids one call of `load` gets at most. A whole number from 1 on, or `Infinity`. Default `Infinity`. */
  maxBatchSize?: number;
  /**
   * How long Redis is waited for before its answer counts as a miss, in ms. A positive number, or `Infinity`: as long as the client
   * waits. While the connection is lost, Redis is not asked at all. Default 500.
   */
  redisTimeoutMs?: number;
}

/** The options with every default filled in; `negativeTtl: null` remembers nothing. */
export type ResolvedLoaderOptions<K, V> = Readonly<
  Required<Omit<LoaderOptions<K, V>, "negativeTtl">> & { negativeTtl: number | null }
>;

// Redis takes whole milliseconds.
const isTimeToLive = (value: unknown): boolean => isPositive(value) && value * 1000 <= Number.MAX_SAFE_INTEGER;

const CHECKS: OptionChecks<keyof LoaderOptions<unknown, unknown>> = {
  key: { isRight: isFunction, expected: "a function from an id to its Redis key" },
  load: { isRight: isFunction, expected: "a function from ids to a promise of their values" },
  ttl: { isRight: isTimeToLive, expected: "a positive number of seconds" },
  negativeTtl: { isRight: isTimeToLive, expected: "a positive number of seconds" },
  jitter: {
    isRight: (value) => typeof value === "number" && value >= 0 && value < 1,
    expected: "a number from 0 up to, and without, 1",
  },
  codec: { isRight: isCodec, expected: "an object with the functions encode and decode" },
  maxBatchSize: {
    isRight: (value) => value === Number.POSITIVE_INFINITY || isWholeNumber(value),
    expected: "a whole number from 1 on, or Infinity",
  },
  redisTimeoutMs: { isRight: isPositive, expected: "a positive number of ms, or Infinity" },
};

/**
 * Checks the options of a loader and fills in the defaults.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION` for a missing, an unknown or a wrong option
 */
export function resolveLoaderOptions<K, V>(options: LoaderOptions<K, V>): ResolvedLoaderOptions<K, V> {
  const own = checkedOptions<LoaderOptions<K, V>>(options, CHECKS, "loader()", "an object with key, load and ttl");
  for (const name of ["key", "load", "ttl"] as const) {
    if (own[name] === undefined) throw invalidOption(`option "${name}" of loader()`, CHECKS[name].expected, undefined);
  }
  const { key, load, ttl, negativeTtl = null, jitter = 0.1, codec = JSON_CODEC as LoaderCodec<V> } = own;
  const { maxBatchSize = Number.POSITIVE_INFINITY, redisTimeoutMs = 500 } = own;
  return { key, load, ttl, negativeTtl, jitter, codec, maxBatchSize, redisTimeoutMs };
}

function isCodec(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { encode, decode } = value as Partial<LoaderCodec<unknown>>;
  return isFunction(encode) && isFunction(decode);
}
