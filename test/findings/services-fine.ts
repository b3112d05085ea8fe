/* Handlers of small services, in which there is nothing to find. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Handler, range } from "./handler.ts";

type Client = Parameters<Handler>[0];

async function login(redis: Client, name: string): Promise<string | null> {
  const attempts = await redis.incr(`attempts:${name}`);
  if (attempts > 5) return null;
  const hash = await redis.hget("passwords", name);
  if (hash !== null && hash !== "right") return null;
  const session = `s-${name}`;
  await Promise.all([redis.set(`session:${session}`, name, "EX", 60), redis.del(`attempts:${name}`)]);
  return session;
}

async function withLock<T>(redis: Client, name: string, work: () => Promise<T>): Promise<T | null> {
  const token = "me";
  const got = await redis.set(`lock:${name}`, token, "PX", 1000, "NX");
  if (got !== "OK") return null;
  try {
    return await work();
  } finally {
    await redis.eval(
      "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0",
      1,
      `lock:${name}`,
      token,
    );
  }
}

async function threadOf(redis: Client, id: string): Promise<string[]> {
  const parent = await redis.hget(`user:${id}`, "next");
  return parent === null ? [id] : [id, ...(await threadOf(redis, parent))];
}

class Cache {
  readonly #redis: Client;

  constructor(redis: Client) {
    this.#redis = redis;
  }

  async through(key: string, load: () => Promise<string>): Promise<string> {
    const hit = await this.#redis.get(key);
    if (hit !== null) return hit;
    const value = await load();
    await this.#redis.set(key, value, "PX", 100);
    return value;
  }
}

export const servicesFine: Record<string, Handler> = {
  login: async (redis) => login(redis, "ann"),

  lockedCounter: async (redis) => withLock(redis, "counter", () => redis.incr("views")),

  thread: async (redis) => threadOf(redis, "1"),

  cacheAround: async (redis) =>
    new Cache(redis).through("cached:report", async () => (await redis.zrevrange("feed", 0, 4)).join()),

  autocomplete: async (redis) => {
    const prefixes = ["a", "ab", "abc"];
    const lists = await Promise.all(prefixes.map((prefix) => redis.smembers(`complete:${prefix}`)));
    const [best = "0"] = lists.flat();
    return redis.get(`text:${best}`);
  },

  cursorByScore: async (redis) => {
    const found = [];
    let max = "+inf";
    for (let page = 0; page < 3; page++) {
      const ids = await redis.zrevrangebyscore("feed", max, "-inf", "LIMIT", 0, 10);
      found.push(...ids);
      max = `(${ids.at(-1)}`;
    }
    return found;
  },

  lockStepMigration: async (redis) => {
    for (const id of range(4)) {
      const old = await redis.get(`text:${id}`);
      if (old === null) return "stopped";
      await redis.set(`text2:${id}`, old);
    }
    return "done";
  },

  queueOfOne: async (redis) => {
    await redis.rpush("work", "a");
    const job = await redis.lmove("work", "running", "LEFT", "RIGHT");
    if (job !== null) await redis.lrem("running", 1, job);
    return job;
  },

  quota: async (redis) => {
    const [used, limit] = await Promise.all([redis.incr("quota:ann"), redis.get("settings")]);
    if (used > 1000) return "over";
    const ids = await redis.lrange("ids", 0, (limit?.length ?? 0) + 2);
    return Promise.all(ids.map((id) => redis.exists(`text:${id}`)));
  },

  eventual: async (redis) => {
    await redis.set("job:9", "queued");
    setTimeout(() => redis.tickpipe.client.set("job:9", "done").catch(() => {}), 2);
    let state = await redis.get("job:9");
    while (state !== "done") {
      await sleep(2);
      state = await redis.get("job:9");
    }
    return state;
  },

  pickHealthy: async (redis) => {
    const hosts = ["a", "b", "c", "0"];
    const healthy = [];
    for (const host of hosts) {
      if (healthy.length > 0) break;
      const status = await redis.get(`text:${host}`);
      if (status) healthy.push(host);
    }
    return healthy;
  },

  undo: async (redis) => {
    const reserved = await redis.decrby("count:7", 1);
    if (reserved < -1000) {
      await redis.incrby("count:7", 1);
      return "sold out";
    }
    return "reserved";
  },
};
