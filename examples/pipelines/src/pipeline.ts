import type { Redis } from "ioredis";

/** Looks up names; an id whose key holds something else costs only its own name. */
export async function names(redis: Redis, ids: readonly string[]): Promise<string[]> {
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hget(`user:${id}`, "name");
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([error, name]) => (error || name === null ? "unknown" : String(name)));
}
