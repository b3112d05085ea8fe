/* Handlers with a known problem each, written after the rules were made and without looking at them. */
import { type Handler, range } from "./handler.ts";

type Client = Parameters<Handler>[0];

class Posts {
  readonly #redis: Client;

  constructor(redis: Client) {
    this.#redis = redis;
  }

  async find(id: string): Promise<{ id: string; title: string; likes: number }> {
    const post = await this.#redis.hgetall(`post:${id}`);
    const likes = await this.#redis.scard(`likes:${id}`); // expect: calls-in-series
    return { id, title: post.title ?? "", likes };
  }

  async titles(ids: readonly string[]): Promise<Map<string, string>> {
    const titles = new Map<string, string>();
    for (const id of ids) {
      const title = await this.#redis.hget(`post:${id}`, "title"); // expect: await-in-loop
      titles.set(id, title ?? "");
    }
    return titles;
  }
}

const cacheKey = (name: string, id: string): string => `${name}:${id}`;

async function cached<T>(redis: Client, key: string, make: () => T): Promise<T> {
  const text = await redis.get(key);
  if (text !== null) return JSON.parse(text) as T;
  const value = make();
  await redis.set(key, JSON.stringify(value), "EX", 1);
  return value;
}

async function* postsInTurn(redis: Client, ids: readonly string[]): AsyncGenerator<Record<string, string>> {
  for (const id of ids) yield await redis.hgetall(`post:${id}`); // expect: await-in-loop
}

async function requireUser(redis: Client, id: string): Promise<Record<string, string>> {
  const user = await redis.hgetall(`user:${id}`);
  if (user.name === undefined) throw new Error("no such user");
  return user;
}

export const morePlanted: Record<string, Handler> = {
  serviceObject: async (redis) => new Posts(redis).find("1"),

  mapInService: async (redis) => Object.fromEntries(await new Posts(redis).titles(range(5))),

  asyncGenerator: async (redis) => {
    const posts = [];
    for await (const post of postsInTurn(redis, range(5))) posts.push(post);
    return posts;
  },

  loopOverEntries: async (redis) => {
    const wanted = { a: "1", b: "2", c: "3", d: "4" };
    const result: Record<string, unknown> = {};
    for (const [name, id] of Object.entries(wanted)) {
      result[name] = await redis.get(cacheKey("text", id)); // expect: await-in-loop
    }
    return result;
  },

  deletesOneByOne: async (redis) => {
    const keys = range(6).map((id) => `session:${id}`);
    for (const key of keys) await redis.del(key); // expect: await-in-loop
    return keys.length;
  },

  existsBeforeEach: async (redis) => {
    const found = [];
    for (const id of range(5)) {
      if (await redis.exists(`text:${id}`)) found.push(id); // expect: await-in-loop
    }
    return found;
  },

  cachedInALoop: async (redis) => {
    const values = [];
    for (const id of range(4)) {
      values.push(await cached(redis, `cached:${id}`, () => id)); // expect: await-in-loop
    }
    return values;
  },

  loopWithTryCatch: async (redis) => {
    const posts = [];
    for (const id of range(4)) {
      try {
        posts.push(await redis.hgetall(`post:${id}`)); // expect: await-in-loop
      } catch {
        posts.push(null);
      }
    }
    return posts;
  },

  seriesBeforeRender: async (redis) => {
    const page: Record<string, unknown> = {};
    page.user = await redis.hgetall("user:1");
    page.ids = await redis.zrevrange("feed", 0, 9); // expect: calls-in-series
    page.likes = await redis.smembers("likes");
    return page;
  },

  seriesWithWorkBetween: async (redis) => {
    const raw = await redis.get("settings");
    const settings = JSON.parse(raw ?? "{}") as { theme?: string };
    const theme = settings.theme ?? "plain";
    const ids = await redis.lrange("ids", 0, 4); // expect: calls-in-series
    return { theme, ids };
  },

  requiredUserThenPosts: async (redis) => {
    const user = await requireUser(redis, "1");
    const ids = await redis.lrange("ids", 0, 4); // expect: calls-in-series
    return { user, ids };
  },

  twoHelpersInSeries: async (redis) => {
    const ann = await requireUser(redis, "1");
    const ben = await requireUser(redis, "2"); // expect: calls-in-series
    return [ann, ben];
  },

  nestedLoops: async (redis) => {
    const cells = [];
    for (const row of range(3)) {
      for (const column of range(3)) {
        cells.push(await redis.get(`cell:${row}:${column}`)); // expect: await-in-loop
      }
    }
    return cells;
  },

  multiOfOne: async (redis) => {
    const set = async (id: string) => redis.multi().set(`flag:${id}`, 1).exec(); // expect: batch-of-one
    return Promise.all(range(3).map(set));
  },

  userInTwoHelpers: async (redis) => {
    const isAdmin = async () => (await redis.smembers("likes")).includes("ann");
    const names = async () => (await redis.smembers("likes")).sort(); // expect: read-twice
    return (await isAdmin()) ? { names: await names() } : null;
  },
};
