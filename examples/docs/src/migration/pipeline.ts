// The code of docs/migration.md, from a hand-written pipeline.
import type { Redis } from "ioredis";

// #region page-before
export async function pageBefore(redis: Redis, id: number) {
  const replies = await redis
    .pipeline()
    .hgetall(`post:${id}`)
    .incr(`views:${id}`)
    .lrange(`comments:${id}`, 0, 9)
    .exec();
  const [post, views, comments] = (replies ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
  return { post, views, comments };
}
// #endregion page-before

// #region page-after
export async function pageAfter(redis: Redis, id: number) {
  const [post, views, comments] = await Promise.all([
    redis.hgetall(`post:${id}`),
    redis.incr(`views:${id}`),
    redis.lrange(`comments:${id}`, 0, 9),
  ]);
  return { post, views, comments };
}
// #endregion page-after

// #region names-before
export async function namesBefore(redis: Redis, ids: number[]) {
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hget(`user:${id}`, "name");
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([error, name]) => (error ? "unreadable" : name));
}
// #endregion names-before

// #region names-after
export async function namesAfter(redis: Redis, ids: number[]) {
  const replies = await Promise.allSettled(ids.map((id) => redis.hget(`user:${id}`, "name")));
  return replies.map((reply) => (reply.status === "rejected" ? "unreadable" : reply.value));
}
// #endregion names-after
