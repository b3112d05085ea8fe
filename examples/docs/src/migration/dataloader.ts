// The code of docs/migration.md, from DataLoader and MGET.
import type { Tickpiped } from "@tickpipe/core";
import DataLoader from "dataloader";
import type { Redis } from "ioredis";

export interface User {
  id: number;
  name: string;
}

// #region store-before
export function usersOf(redis: Redis) {
  return new DataLoader<number, User | null>(async (ids) => {
    const texts = await redis.mget(ids.map((id) => `user:${id}`));
    return texts.map((text) => (text === null ? null : JSON.parse(text)));
  }); // one for each request, and then: users.load(id)
}
// #endregion store-before

// #region store-after
export async function user(redis: Redis, id: number): Promise<User | null> {
  const text = await redis.get(`user:${id}`);
  return text === null ? null : JSON.parse(text);
}
// #endregion store-after

// #region cache-before
export function cachedUsersOf(redis: Redis, findUsers: (ids: readonly number[]) => Promise<(User | null)[]>) {
  return new DataLoader<number, User | null>(async (ids) => {
    const texts = await redis.mget(ids.map((id) => `user:${id}`));
    const missing = ids.filter((_, i) => texts[i] === null);
    const found = missing.length === 0 ? [] : await findUsers(missing);
    const writes = redis.pipeline();
    for (const [i, id] of missing.entries()) writes.set(`user:${id}`, JSON.stringify(found[i]), "EX", 300);
    await writes.exec();
    return texts.map((text) => (text === null ? (found.shift() ?? null) : JSON.parse(text)));
  }); // one for each request
}
// #endregion cache-before

// #region cache-after
export function usersLoader(redis: Tickpiped<Redis>, findUsers: (ids: readonly number[]) => Promise<(User | null)[]>) {
  return redis.tickpipe.loader({
    key: (id: number) => `user:${id}`,
    load: findUsers,
    ttl: 300,
    negativeTtl: 300,
  }); // one for the process, and then: users.for(req.redis).load(id)
}
// #endregion cache-after
