import type { Redis } from "ioredis";

/** Counts one use within a window that starts with its first use. */
async function countUse(redis: Redis, key: string, windowS: number): Promise<number> {
  const uses = await redis.incr(key);
  if (uses === 1) await redis.expire(key, windowS);
  return uses;
}

/** How often this user has come within the last minute and the last day. */
export async function countVisit(redis: Redis, userId: string): Promise<{ perMinute: number; perDay: number }> {
  const [perMinute, perDay] = await Promise.all([
    countUse(redis, `visits:${userId}:minute`, 60),
    countUse(redis, `visits:${userId}:day`, 86_400),
  ]);
  return { perMinute, perDay };
}
