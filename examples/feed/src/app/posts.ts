import type { Redis } from "ioredis";

export interface Post {
  readonly id: string;
  readonly author: string;
  readonly text: string;
}

/** A post as one reader sees it. */
export interface FeedEntry extends Post {
  readonly liked: boolean;
  readonly flagged: boolean;
}

const FEED_LENGTH = 20;

async function findPost(redis: Redis, id: string): Promise<Post> {
  const { author = "", text = "" } = await redis.hgetall(`post:${id}`);
  return { id, author, text };
}

/** The newest posts of a user's feed, each with whether the user liked or flagged it. */
export async function feedOf(redis: Redis, userId: string): Promise<FeedEntry[]> {
  const ids = await redis.zrevrange(`feed:${userId}`, 0, FEED_LENGTH - 1);
  const [posts, likes, flags] = await Promise.all([
    Promise.all(ids.map((id) => findPost(redis, id))),
    redis.smismember(`likes:${userId}`, ids),
    redis.smembers(`flags:${userId}`),
  ]);
  return posts.map((post, i) => ({ ...post, liked: likes[i] === 1, flagged: flags.includes(post.id) }));
}

export async function savePost(redis: Redis, post: Post): Promise<void> {
  await redis.hset(`post:${post.id}`, { author: post.author, text: post.text });
}
