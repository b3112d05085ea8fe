import { TickpipeError } from "../errors.ts";
import type { LoaderCounters } from "./loader-counters.ts";
import type { CacheRedis, RedisLink } from "./redis-link.ts";

/** By key: the text that Redis has, or why Tickpipe itself does not let this scope ask. A key that is not there is a miss. */
export type Texts = ReadonlyMap<string, string | TickpipeError>;

/**
 * Reads keys, each with a GET of its own: they leave in the tick's write in any case, and unlike those of an MGET their keys may
 * lie in different slots of a cluster. What fails, or takes longer than `timeoutMs`, is a miss.
 */
export async function readTexts(
  redis: CacheRedis,
  link: RedisLink,
  keys: readonly string[],
  timeoutMs: number,
  counters: LoaderCounters,
): Promise<Texts> {
  const texts = new Map<string, string | TickpipeError>();
  const answered = new Set<string>();
  const read = async (key: string): Promise<void> => {
    try {
      const text = await redis.get(key);
      answered.add(key);
      if (typeof text === "string") texts.set(key, text);
    } catch (error) {
      if (!isRefusal(error)) return;
      answered.add(key);
      texts.set(key, error);
    }
  };
  if (link.isUp) await link.wait(Promise.all(keys.map(read)), timeoutMs);
  counters.redisErrors += keys.length - answered.size;
  // A copy: a reply that comes later changes nothing any more.
  return new Map(texts);
}

/**
 * Whether this is no failure of the cache, but Tickpipe refusing the caller's scope any call, as a scope does that has ended.
 * To be overloaded is a failure of the cache.
 */
export function isRefusal(error: unknown): error is TickpipeError {
  return error instanceof TickpipeError && error.code !== "ERR_TICKPIPE_OVERLOADED";
}
