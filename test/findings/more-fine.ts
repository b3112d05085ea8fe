/* Handlers in which there is nothing to find, written after the rules were made and without looking at them. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Handler, range } from "./handler.ts";

type Client = Parameters<Handler>[0];

async function currentUser(redis: Client, sessionId: string): Promise<Record<string, string> | null> {
  const userId = await redis.get(`count:${sessionId}`);
  return userId === null ? null : redis.hgetall(`user:${userId}`);
}

async function takeToken(redis: Client, bucket: string): Promise<boolean> {
  const used = await redis.incr(`bucket:${bucket}`);
  if (used === 1) await redis.pexpire(`bucket:${bucket}`, 1000);
  return used <= 100;
}

async function* allKeys(redis: Client): AsyncGenerator<string[]> {
  for (let cursor = "0"; ; ) {
    const [next, keys] = await redis.scan(cursor, "MATCH", "text:*", "COUNT", 20);
    yield keys;
    if (next === "0") return;
    cursor = next;
  }
}

class Tree {
  readonly #redis: Client;

  constructor(redis: Client) {
    this.#redis = redis;
  }

  async level(ids: readonly string[], depth: number): Promise<string[]> {
    if (ids.length === 0 || depth === 0) return [...ids];
    const lists = await Promise.all(ids.map((id) => this.#redis.smembers(`children:${id}`)));
    return this.level(lists.flat(), depth - 1);
  }
}

export const moreFine: Record<string, Handler> = {
  sessionThenUser: async (redis) => currentUser(redis, "1"),

  limitThenWork: async (redis) => {
    if (!(await takeToken(redis, "a"))) return "too many";
    return redis.get("settings");
  },

  limitThenWorkByReturn: async (redis) => {
    const isFree = await takeToken(redis, "b");
    if (!isFree) return "too many";
    const ids = await redis.lrange("ids", 0, 3);
    return ids;
  },

  throwsWhenMissing: async (redis) => {
    const user = await redis.hgetall("user:1");
    if (!user.name) throw new Error("not found");
    const ids = await redis.lrange("ids", 0, 3);
    return { user, ids };
  },

  keysByGenerator: async (redis) => {
    let count = 0;
    for await (const keys of allKeys(redis)) count += keys.length;
    return count;
  },

  levelByLevel: async (redis) => new Tree(redis).level(["0"], 3),

  jobQueue: async (redis) => {
    const done = [];
    await redis.rpush("jobs", "1", "2", "3");
    for (let job = await redis.lpop("jobs"); job !== null; job = await redis.lpop("jobs")) {
      await redis.set(`result:${job}`, "ok");
      done.push(job);
    }
    return done;
  },

  waitsBetweenTries: async (redis) => {
    for (const key of ["lock:a", "lock:b", "lock:c"]) {
      if ((await redis.set(key, "me", "PX", 10, "NX")) === "OK") return key;
      await sleep(1);
    }
    return null;
  },

  oneAfterTheOtherByReply: async (redis) => {
    const hops: string[] = [];
    let at = "1";
    for (const step of range(3)) {
      const user = await redis.hgetall(`user:${at}`);
      hops.push(`${step} ${user.name}`);
      at = user.next ?? "1";
    }
    return hops;
  },

  untilTheBudgetIsSpent: async (redis) => {
    let budget = 3;
    const bought = [];
    for (const id of range(6)) {
      const price = Number(await redis.get(`count:${id}`));
      if (price > budget) break;
      budget -= price;
      bought.push(id);
    }
    return bought;
  },

  promisesThenAwaits: async (redis) => {
    const user = redis.hgetall("user:1");
    const ids = redis.lrange("ids", 0, 3);
    return { user: await user, ids: await ids };
  },

  allSettled: async (redis) => {
    const replies = await Promise.allSettled(range(4).map((id) => redis.incr(`text:${id}`)));
    return replies.map(({ status }) => status);
  },

  switchOnReply: async (redis) => {
    const kind = await redis.type("feed");
    switch (kind) {
      case "zset":
        return redis.zrevrange("feed", 0, 3);
      case "list":
        return redis.lrange("feed", 0, 3);
      default:
        return null;
    }
  },

  watchedUpdate: async (redis) => {
    await redis.tickpipe.transaction(["count:2"], async (tx) => {
      const count = Number(await tx.get("count:2"));
      return tx.multi().set("count:2", count + 1);
    });
    return redis.get("count:2");
  },

  fallbackOnError: async (redis) => {
    let value: unknown;
    try {
      value = await redis.incr("settings");
    } catch {
      value = await redis.get("settings");
    }
    return value;
  },

  writeThenPublish: async (redis) => {
    await redis.set("text:1", "new");
    await redis.publish("changed", "text:1");
    return "ok";
  },

  thenChain: async (redis) =>
    redis.get("count:1").then((id) => redis.hgetall(`user:${id}`).then((user) => redis.get(`text:${user.post}`))),

  loaderLike: async (redis) => {
    const ids = [...new Set((await redis.lrange("ids", 0, 9)).map((id) => Number(id) % 3))];
    const users = await Promise.all(ids.map((id) => redis.hgetall(`user:${id}`)));
    const posts = await Promise.all(users.filter(({ post }) => post).map(({ post }) => redis.hgetall(`post:${post}`)));
    return { users, posts };
  },

  batchesOfMget: async (redis) => {
    const keys = range(9).map((id) => `text:${id}`);
    const texts = [];
    while (keys.length > 0) texts.push(...(await redis.mget(keys.splice(0, 3))));
    return texts;
  },
};
