import type { Redis } from "ioredis";

export interface User {
  readonly id: string;
  readonly name: string;
}

export async function findUser(redis: Redis, userId: string): Promise<User | null> {
  const { name } = await redis.hgetall(`user:${userId}`);
  return name === undefined ? null : { id: userId, name };
}

export async function saveUser(redis: Redis, user: User): Promise<void> {
  await redis.hset(`user:${user.id}`, { name: user.name });
}
