/* Handlers of small services, with a known problem each. */
import { type Handler, range } from "./handler.ts";

type Client = Parameters<Handler>[0];

interface Item {
  readonly sku: string;
  readonly count: number;
}

async function priceOf(redis: Client, sku: string): Promise<number> {
  const price = await redis.get(`price:${sku}`);
  return Number(price ?? 10);
}

async function cartTotal(redis: Client, items: readonly Item[]): Promise<number> {
  let total = 0;
  for (const { sku, count } of items) {
    total += count * (await priceOf(redis, sku)); // expect: await-in-loop
  }
  return total;
}

async function isEnabled(redis: Client, flag: string, user: string): Promise<boolean> {
  const everybody = await redis.sismember(`flag:${flag}`, "*");
  const own = await redis.sismember(`flag-users:${flag}`, user); // expect: calls-in-series
  return everybody === 1 || own === 1;
}

class Rooms {
  constructor(redis: Client) {
    this.redis = redis;
  }

  readonly redis: Client;

  async overview(names: readonly string[]): Promise<{ name: string; members: number; last: string | null }[]> {
    const rooms = [];
    for (const name of names) {
      const members = await this.redis.scard(`room:${name}`); // expect: await-in-loop
      const last = await this.redis.lindex(`messages:${name}`, -1);
      rooms.push({ name, members, last });
    }
    return rooms;
  }
}

export const servicesPlanted: Record<string, Handler> = {
  cart: async (redis) => ({
    total: await cartTotal(
      redis,
      range(4).map((sku) => ({ sku, count: 2 })),
    ),
  }),

  flags: async (redis) => ({ dark: await isEnabled(redis, "dark", "ann") }),

  rooms: async (redis) => new Rooms(redis).overview(["red", "green", "blue"]),

  leaderboard: async (redis) => {
    const top = await redis.zrevrange("feed", 0, 4, "WITHSCORES");
    const board = [];
    for (let i = 0; i < top.length; i += 2) {
      const name = await redis.hget(`user:${top[i]}`, "name"); // expect: await-in-loop
      board.push({ name, score: Number(top[i + 1]) });
    }
    return board;
  },

  notifications: async (redis) => {
    const followers = range(5);
    const text = "hello";
    for (const follower of followers) {
      await redis.lpush(`inbox:${follower}`, text); // expect: await-in-loop
      await redis.ltrim(`inbox:${follower}`, 0, 99);
    }
    return followers.length;
  },

  dashboard: async (redis) => {
    const started = Date.now();
    const visits = Number((await redis.get("count:1")) ?? 0);
    const signups = Number((await redis.get("count:2")) ?? 0); // expect: calls-in-series
    const [online] = await Promise.all([redis.scard("likes")]);
    return { visits, signups, online, started: started > 0 };
  },

  profile: async (redis) => {
    const id = "1";
    const profile = await redis.hgetall(`user:${id}`);
    const decorated = { ...profile, url: `/users/${id}`, name: profile.name?.toUpperCase() };
    const followers = await redis.scard(`followers:${id}`); // expect: calls-in-series
    return { ...decorated, followers };
  },

  tagCloud: async (redis) => {
    const counts: Record<string, number> = {};
    const tags = ["a", "b", "c", "d", "e"];
    for (const i in tags) {
      const tag = tags[i] ?? "";
      counts[tag] = await redis.scard(`tag:${tag}`); // expect: await-in-loop
    }
    return counts;
  },

  permissions: async (redis) => {
    const may = async (what: string): Promise<boolean> => (await redis.sismember(`may:${what}`, "ann")) === 1;
    const all = { read: await may("read"), write: await may("write"), admin: await may("admin") }; // expect: calls-in-series
    return all;
  },

  settingsTwice: async (redis) => {
    const theme = async () => JSON.parse((await redis.get("settings")) ?? "{}").theme;
    const locale = async () => JSON.parse((await redis.get("settings")) ?? "{}").locale; // expect: read-twice
    const first = await theme();
    const user = await redis.hgetall(first === "dark" ? "user:2" : "user:1");
    return { user, locale: await locale() };
  },
};
