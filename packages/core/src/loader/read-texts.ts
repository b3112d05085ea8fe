import { TickpipeError } from "../errors.ts";
import type { CacheRedis } from "./cache-writes.ts";
import type { Seen } from "./claim.ts";
import type { LoaderCounters } from "./loader-counters.ts";
import type { RedisLink } from "./redis-link.ts";

/** By key: what Redis has, or why Tickpipe itself does not let this scope ask. */
export type Found = ReadonlyMap<string, Seen | TickpipeError>;

/**
 * Reads keys, each with a GET of its own: they leave in the tick's write in any case, and unlike those of an MGET their keys may
 * lie in different slots of a cluster. What fails, or takes longer than `timeoutMs`, is `"unknown"`.
 */
export async function readTexts(
  redis: CacheRedis,
  link: RedisLink,
  keys: readonly string[],
  timeoutMs: number,
  counters: LoaderCounters,
): Promise<Found> {
  const found = new Map<string, Seen | TickpipeError>();
  const failed = new Set<string>();
  const read = async (key: string): Promise<void> => {
    try {
      const text = await redis.get(key);
      found.set(key, typeof text === "string" ? { text } : "nothing");
    } catch (error) {
      if (isRefusal(error)) {
        found.set(key, error);
        return;
      }
      failed.add(key);
      if (error instanceof Error && error.message.startsWith("WRONGTYPE")) found.set(key, "another type");
    }
  };
  if (link.isUp) await link.wait(Promise.all(keys.map(read)), timeoutMs);
  // A copy: a reply that comes later changes nothing any more.
  const inTime = new Map(found);
  for (const key of keys) {
    if (inTime.has(key) && !failed.has(key)) continue;
    counters.redisErrors += 1;
    if (!inTime.has(key)) inTime.set(key, "unknown");
  }
  return inTime;
}

/**
 * Whether this is no failure of the cache, but Tickpipe refusing the caller's scope any call, as a scope does that has ended.
 * To be overloaded is a failure of the cache.
 */
export function isRefusal(error: unknown): error is TickpipeError {
  return error instanceof TickpipeError && error.code !== "ERR_TICKPIPE_OVERLOADED";
}
