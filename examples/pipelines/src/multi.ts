import type { Redis } from "ioredis";

/** Puts a post where readers find it: they see all of it, or nothing. */
export async function publish(redis: Redis, id: string, text: string): Promise<void> {
  const replies = await redis.multi().hset(`post:${id}`, { text }).lpush("posts", id).ltrim("posts", 0, 99).exec();
  for (const [error] of replies ?? []) if (error) throw error;
}
