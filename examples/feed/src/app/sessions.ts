import type { Redis } from "ioredis";

const LIFETIME_S = 3600;

/** The user that a session belongs to, or `null`. Reading a session keeps it alive. */
export async function userOfSession(redis: Redis, sessionId: string): Promise<string | null> {
  const [userId] = await Promise.all([
    redis.get(`session:${sessionId}`),
    redis.expire(`session:${sessionId}`, LIFETIME_S),
  ]);
  return userId;
}

export async function startSession(redis: Redis, sessionId: string, userId: string): Promise<void> {
  await redis.set(`session:${sessionId}`, userId, "EX", LIFETIME_S);
}
