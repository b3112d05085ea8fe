/* Handlers with a known problem each. The line to change carries "expect:" with the kind of finding. */
import { type Handler, range } from "./handler.ts";

/** Keeps Redis busy for 600 ms. */
const BUSY = `
  local function now() local t = redis.call("TIME") return t[1] * 1000 + t[2] / 1000 end
  local start = now()
  while now() - start < 600 do end
  return "late"`;

async function postOf(redis: Parameters<Handler>[0], id: string): Promise<Record<string, string>> {
  return redis.hgetall(`post:${id}`);
}

async function postsOf(redis: Parameters<Handler>[0], ids: readonly string[]): Promise<unknown[]> {
  const posts: unknown[] = [];
  for (const id of ids) {
    posts.push(await redis.hgetall(`post:${id}`)); // expect: await-in-loop
  }
  return posts;
}

const reader = {
  async title(redis: Parameters<Handler>[0], id: string): Promise<string | null> {
    const title = await redis.hget(`post:${id}`, "title");
    return title?.trim() ?? null;
  },
};

export const planted: Record<string, Handler> = {
  loopOfReads: async (redis) => {
    const ids = await redis.lrange("ids", 0, 9);
    const posts = [];
    for (const id of ids) {
      const post = await redis.hgetall(`post:${id}`); // expect: await-in-loop
      posts.push(post);
    }
    return posts;
  },

  loopByIndex: async (redis) => {
    const ids = await redis.lrange("ids", 0, 9);
    let length = 0;
    for (let i = 0; i < ids.length; i++) {
      length += await redis.strlen(`text:${ids[i]}`); // expect: await-in-loop
    }
    return length;
  },

  loopOverHelper: async (redis) => {
    const posts = [];
    for (const id of range(6)) {
      posts.push(await postOf(redis, id)); // expect: await-in-loop
    }
    return posts;
  },

  loopWithinHelper: async (redis) => postsOf(redis, range(5)),

  loopOverMethod: async (redis) => {
    const titles: Record<string, unknown> = {};
    for (const id of range(5)) {
      titles[id] = await reader.title(redis, id); // expect: await-in-loop
    }
    return titles;
  },

  loopOfWrites: async (redis) => {
    for (const id of range(5)) {
      await redis.incr(`views:${id}`); // expect: await-in-loop
    }
    return "counted";
  },

  loopWithSkips: async (redis) => {
    const found = [];
    for (const id of range(8)) {
      const text = await redis.get(`text:${id}`); // expect: await-in-loop
      if (text === null) continue;
      found.push(text);
    }
    return found;
  },

  loopOfTwoSteps: async (redis) => {
    const names = [];
    for (const id of range(4)) {
      const author = await redis.hget(`post:${id}`, "author"); // expect: await-in-loop
      names.push(await redis.get(`text:${author}`));
    }
    return names;
  },

  loopInWhile: async (redis) => {
    const left = range(5);
    let sum = 0;
    while (left.length > 0) {
      const id = left.pop();
      sum += Number(await redis.get(`count:${id}`)); // expect: await-in-loop
    }
    return sum;
  },

  loopByReduce: async (redis) =>
    range(5).reduce(async (before: Promise<unknown[]>, id) => {
      const list = await before;
      list.push(await redis.get(`text:${id}`)); // expect: await-in-loop
      return list;
    }, Promise.resolve([])),

  loopsSideBySide: async (redis) =>
    Promise.all(
      ["a", "b"].map(async (user) => {
        const texts = [];
        for (const id of range(4)) {
          texts.push(await redis.get(`text:${user}:${id}`)); // expect: await-in-loop
        }
        return texts;
      }),
    ),

  loopAmongOthers: async (redis) => {
    const [, texts] = await Promise.all([
      redis.get("settings"),
      (async () => {
        const all = [];
        for (const id of range(6)) all.push(await redis.get(`text:${id}`)); // expect: await-in-loop
        return all;
      })(),
    ]);
    return texts;
  },

  loopThatThrows: async (redis) => {
    const posts = [];
    for (const id of range(4)) {
      const post = await redis.hgetall(`post:${id}`); // expect: await-in-loop
      if (Object.keys(post).length === 0) throw new Error("missing");
      posts.push(post);
    }
    return posts;
  },

  seriesOfTwo: async (redis) => {
    const user = await redis.hgetall("user:1");
    const settings = await redis.get("settings"); // expect: calls-in-series
    return { user, settings };
  },

  seriesOfFour: async (redis) => {
    const user = await redis.hgetall("user:1");
    const settings = await redis.get("settings"); // expect: calls-in-series
    const ids = await redis.lrange("ids", 0, 9);
    const unread = await redis.get("count:1");
    return { user, settings, ids, unread };
  },

  seriesInOneExpression: async (redis) => ({
    settings: await redis.get("settings"),
    ids: await redis.lrange("ids", 0, 9), // expect: calls-in-series
    likes: await redis.scard("likes"),
  }),

  seriesOfHelpers: async (redis) => {
    const first = await postOf(redis, "1");
    const settings = await redis.get("settings"); // expect: calls-in-series
    return { first, settings };
  },

  seriesOfWrites: async (redis) => {
    await redis.incr("views");
    await redis.sadd("likes", "ann"); // expect: calls-in-series
    await redis.lpush("log", "seen");
    return "noted";
  },

  seriesAfterADependentCall: async (redis) => {
    const id = await redis.lindex("ids", 0);
    const post = await redis.hgetall(`post:${id}`);
    const likes = await redis.scard("likes"); // expect: calls-in-series
    return { post, likes };
  },

  readTwice: async (redis) => {
    const user = await redis.hgetall("user:1");
    const post = await redis.hgetall(`post:${user.post}`);
    const author = await redis.hgetall("user:1"); // expect: read-twice
    return { user, post, author };
  },

  pipelinesOfOne: async (redis) => {
    const replies = [];
    for (const id of range(3)) {
      replies.push(await redis.pipeline().get(`text:${id}`).exec()); // expect: batch-of-one
    }
    return replies;
  },

  bigReply: async (redis) => {
    const all = await redis.lrange("long", 0, -1); // expect: big-reply
    return all.length;
  },

  slowCommand: async (redis) => {
    const settings = await redis.get("settings");
    if (settings === null) return null;
    return redis.eval(BUSY, 1, "settings"); // expect: slow-command
  },
};
