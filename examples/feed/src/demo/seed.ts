import type { Redis } from "ioredis";
import { savePost } from "../app/posts.ts";
import { startSession } from "../app/sessions.ts";
import { saveUser } from "../app/users.ts";

const USERS = 50;
const POSTS = 500;
const POSTS_IN_A_FEED = 40;

/** Fills Redis with what the app serves. Only adds keys under the client's own `keyPrefix`. */
export async function seed(redis: Redis): Promise<void> {
  const text = "Lorem ipsum dolor sit amet, consectetur adipiscing elit. ".repeat(3);
  for (let i = 0; i < POSTS; i++) {
    await savePost(redis, { id: `p${i}`, author: `user ${i % USERS}`, text: `${i}: ${text}` });
  }
  for (const userId of userIds()) {
    await Promise.all([saveUser(redis, { id: userId, name: `User ${userId}` }), startSession(redis, userId, userId)]);
    const first = Number(userId.slice(1)) * 7;
    for (let i = 0; i < POSTS_IN_A_FEED; i++) await redis.zadd(`feed:${userId}`, i, `p${(first + i) % POSTS}`);
    await redis.sadd(`likes:${userId}`, `p${first % POSTS}`, `p${(first + 30) % POSTS}`);
    await redis.sadd(`flags:${userId}`, `p${(first + 35) % POSTS}`);
    await redis.set(`unread:${userId}`, 3);
  }
}

/** The users that exist; each one's session has the user's id for its own. */
export function userIds(): string[] {
  return Array.from({ length: USERS }, (_, i) => `u${i}`);
}

/** Takes away every key under a prefix, and nothing else. */
export async function removeKeys(unprefixed: Redis, prefix: string): Promise<void> {
  for await (const keys of unprefixed.scanStream({ match: `${prefix}*`, count: 1000 })) {
    if ((keys as string[]).length > 0) await unprefixed.unlink(keys as string[]);
  }
}
