import type { Redis } from "ioredis";

/**
 * A feed that waits for Redis more often than it needs to, on purpose: each post waits for the one before, and two counts wait for the posts. The inspector names the
 * lines, and says what to write instead.
 */
export async function carelessFeedOf(redis: Redis, userId: string): Promise<unknown> {
  const ids = await redis.zrevrange(`feed:${userId}`, 0, 9);
  const posts = [];
  for (const id of ids) {
    const post = await redis.hgetall(`post:${id}`);
    posts.push({ id, ...post });
  }
  const unread = await redis.get(`unread:${userId}`);
  const likes = await redis.scard(`likes:${userId}`);
  return { posts, unread: Number(unread ?? 0), likes };
}
