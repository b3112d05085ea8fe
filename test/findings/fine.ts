/* Handlers in which there is nothing to find: they call together what can be called together, or cannot. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Handler, range } from "./handler.ts";

type Client = Parameters<Handler>[0];

async function postOf(redis: Client, id: string): Promise<Record<string, string>> {
  return redis.hgetall(`post:${id}`);
}

async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 3; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

async function descend(redis: Client, id: string): Promise<number> {
  const children = await redis.smembers(`children:${id}`);
  const below = await Promise.all(children.map((child) => descend(redis, child)));
  return below.reduce((sum, count) => sum + count, 1);
}

export const fine: Record<string, Handler> = {
  mapWithAwait: async (redis) => Promise.all(range(10).map(async (id) => (await redis.hgetall(`post:${id}`)).title)),

  idsThenPosts: async (redis) => {
    const ids = await redis.lrange("ids", 0, 9);
    return Promise.all(ids.map((id) => postOf(redis, id)));
  },

  dependentCalls: async (redis) => {
    const user = await redis.hgetall("user:1");
    const post = await redis.hgetall(`post:${user.post}`);
    return redis.get(`text:${post.author}`);
  },

  dependentByHelper: async (redis) => {
    const { post } = await redis.hgetall("user:1");
    const { author = "" } = await postOf(redis, post ?? "");
    return postOf(redis, author);
  },

  linkedList: async (redis) => {
    const names = [];
    let id: string | undefined = "1";
    while (id !== undefined) {
      const user: Record<string, string> = await redis.hgetall(`user:${id}`);
      names.push(user.name);
      id = user.next;
    }
    return names;
  },

  linkedListByFor: async (redis) => {
    const seen = [];
    for (let id: string | undefined = "1"; id; ) {
      const next: string | null = await redis.hget(`user:${id}`, "next");
      seen.push(id);
      id = next ?? undefined;
    }
    return seen;
  },

  breadthFirst: async (redis) => {
    const queue = ["0"];
    const seen: string[] = [];
    for (const id of queue) {
      seen.push(id);
      queue.push(...(await redis.smembers(`children:${id}`)));
    }
    return seen;
  },

  treeByRecursion: async (redis) => descend(redis, "0"),

  pagination: async (redis) => {
    const all: string[] = [];
    for (let start = 0; ; start += 20) {
      const page = await redis.zrevrange("feed", start, start + 19);
      all.push(...page);
      if (page.length < 20) return all;
    }
  },

  scan: async (redis) => {
    let cursor = "0";
    let count = 0;
    do {
      const [next, keys] = await redis.scan(cursor, "COUNT", 5);
      count += keys.length;
      cursor = next;
    } while (cursor !== "0");
    return count;
  },

  inPortions: async (redis) => {
    const texts: (string | null)[] = [];
    for (const ids of chunks(range(12), 4)) {
      texts.push(...(await Promise.all(ids.map((id) => redis.get(`text:${id}`)))));
    }
    return texts;
  },

  portionsByMget: async (redis) => {
    const texts: (string | null)[] = [];
    for (const ids of chunks(range(12), 4)) texts.push(...(await redis.mget(ids.map((id) => `text:${id}`))));
    return texts;
  },

  firstThatExists: async (redis) => {
    for (const id of ["fr-CA", "fr", "xx", "0"]) {
      const text = await redis.get(`text:${id}`);
      if (text !== null) return text;
    }
    return null;
  },

  retries: async (redis) => withRetries(() => redis.get("settings")),

  retriesAfterErrors: async (redis) => {
    for (let left = 4; left > 0; left--) {
      try {
        return await redis.incr("user:1");
      } catch {
        await sleep(1);
      }
    }
    return "gave up";
  },

  polling: async (redis) => {
    for (let tries = 0; tries < 4; tries++) {
      if ((await redis.get("job:done")) !== null) return "done";
      await sleep(2);
    }
    return "still running";
  },

  foundOrNot: async (redis) => {
    const user = await redis.hgetall("user:1");
    if (user.name === undefined) return null;
    const ids = await redis.lrange("ids", 0, 9);
    return { user, ids };
  },

  cacheThenLoad: async (redis) => {
    const cached = await redis.get("cache:report");
    if (cached !== null) return cached;
    const rows = await redis.zrevrange("feed", 0, 9);
    await redis.set("cache:report", rows.join(","), "EX", 1);
    return rows;
  },

  lockedWork: async (redis) => {
    const isMine = await redis.set("lock:1", "me", "PX", 5000, "NX");
    if (isMine === null) return "busy";
    try {
      await sleep(2);
      return await redis.incr("views");
    } finally {
      await redis.del("lock:1");
    }
  },

  doubleChecked: async (redis) => {
    const first = await redis.get("cache:once");
    if (first !== null) return first;
    await redis.set("lock:once", "me", "PX", 50, "NX");
    const second = await redis.get("cache:once");
    return second ?? "made";
  },

  writeAfterOtherWork: async (redis) => {
    await redis.set("job:2", "running");
    await sleep(2);
    await redis.lpush("log", "job 2 is done");
    return "done";
  },

  readWhatWasWritten: async (redis) => {
    await redis.hset("user:9", { name: "Eve" });
    const user = await redis.hgetall("user:9");
    return user;
  },

  readAgainAfterWrite: async (redis) => {
    const before = await redis.get("count:5");
    await redis.set("count:5", String(Number(before) + 1));
    return { before, after: await redis.get("count:5") };
  },

  togetherByPipeline: async (redis) => {
    const replies = await redis.pipeline().get("settings").hgetall("user:1").scard("likes").exec();
    return replies;
  },

  countThenExpire: async (redis) => {
    const uses = await redis.incr("uses:1");
    if (uses === 1) await redis.expire("uses:1", 60);
    return uses;
  },

  oneOfTwo: async (redis) => (await redis.get("text:nobody")) ?? (await redis.get("settings")),

  sessionAndPage: async (redis) => {
    const [session] = await Promise.all([redis.get("settings"), redis.expire("settings", 3600)]);
    const [user, ids, likes] = await Promise.all([
      redis.hgetall(`user:${session?.length}`),
      redis.lrange("ids", 0, 4),
      redis.scard("likes"),
    ]);
    return { user, ids, likes };
  },

  slowDrip: async (redis) => {
    for (const id of range(3)) {
      await redis.rpush(`drip:${id}`, "x");
      await sleep(1);
    }
    return "dripped";
  },
};
