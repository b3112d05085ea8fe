import type { Redis } from "ioredis";

/** Twenty posts. */
export async function seed(redis: Redis): Promise<void> {
  const ids = Array.from({ length: 20 }, (_, i) => String(i + 1));
  await Promise.all([
    redis.del("posts"),
    redis.rpush("posts", ...ids),
    ...ids.map((id) => redis.hset(`post:${id}`, { id, title: `Post ${id}` })),
  ]);
}
