import type { Tickpiped } from "@tickpipe/core";
import type { Redis } from "ioredis";

/** What a route does: answers with what it returns. */
export type Handler = (redis: Tickpiped<Redis>) => Promise<unknown>;

/** Ids, as text. */
export const range = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

/** Fills Redis with what the handlers read. */
export async function seed(redis: Redis): Promise<void> {
  await redis
    .pipeline()
    .flushall()
    .rpush("ids", ...range(10))
    .set("settings", "{}")
    .hset("user:1", { name: "Ann", post: "3", next: "2" })
    .hset("user:2", { name: "Ben", next: "3" })
    .hset("user:3", { name: "Cid" })
    .sadd("likes", "ann", "ben")
    .rpush("long", ...range(3000).map((i) => i.padEnd(40, "x")))
    .zadd("feed", ...range(60).flatMap((i) => [i, i]))
    .sadd("children:0", "1", "2")
    .sadd("children:1", "3", "4")
    .sadd("children:2", "5")
    .exec();
  await Promise.all(
    range(10).flatMap((id) => [
      redis.hset(`post:${id}`, { title: `Post ${id}`, author: id }),
      redis.set(`text:${id}`, `text ${id}`),
      redis.set(`count:${id}`, 1),
    ]),
  );
}
