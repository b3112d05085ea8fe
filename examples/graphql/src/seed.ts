import type { Redis } from "ioredis";

/** Users `u0` to `u4` write posts, `u5` to `u9` comment on them. */
export const AUTHORS = 5;
export const USERS = 10;

/** Twenty posts, each with likes and with three comments. */
export async function seed(redis: Redis): Promise<void> {
  const ids = Array.from({ length: 20 }, (_, i) => i + 1);
  await redis.del("posts", ...ids.map((id) => `comments:${id}`));
  await Promise.all([
    redis.rpush("posts", ...ids),
    ...ids.flatMap((id) => [
      redis.hset(`post:${id}`, { title: `Post ${id}`, author: `u${id % AUTHORS}` }),
      redis.sadd(`likes:${id}`, ...ids.slice(0, id).map((by) => `u${by}`)),
      redis.rpush(
        `comments:${id}`,
        ...[1, 2, 3].map((n) => JSON.stringify({ text: `Comment ${n}`, author: `u${AUTHORS + ((id + n) % AUTHORS)}` })),
      ),
    ]),
  ]);
}
