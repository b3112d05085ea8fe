// The code of docs/migration.md, from enableAutoPipelining. `Redis` is given to it, so that the tests choose the server.
import { tickpipe } from "@tickpipe/core";
import { Redis } from "ioredis";

export function before(Redis: new (options: { enableAutoPipelining: true }) => Redis) {
  // #region before
  const redis = new Redis({ enableAutoPipelining: true });
  // #endregion before
  return redis;
}

export function after(Redis: new () => Redis) {
  // #region after
  const redis = tickpipe(new Redis());
  // #endregion after
  return redis;
}

// #region calls
export async function profile(redis: Redis, id: number) {
  const [user, visits, friends] = await Promise.all([
    redis.hgetall(`user:${id}`),
    redis.incr(`visits:${id}`),
    redis.smembers(`friends:${id}`),
  ]);
  return { user, visits, friends };
}
// #endregion calls

// #region order
export async function greet(redis: Redis) {
  const written = redis.set("greeting", "hello");
  const replies = await redis.multi().get("greeting").exec();
  await written;
  return replies; // with enableAutoPipelining: [[null, null]]; with Tickpipe: [[null, "hello"]]
}
// #endregion order
