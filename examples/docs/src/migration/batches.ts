// The code of docs/migration.md, from batch objects.
import type { Tickpiped } from "@tickpipe/core";
import type { ChainableCommander, Redis } from "ioredis";

// #region home-before
function addProfile(batch: ChainableCommander, id: number) {
  batch.hgetall(`user:${id}`).scard(`friends:${id}`);
}

function addFeed(batch: ChainableCommander, id: number) {
  batch.lrange(`feed:${id}`, 0, 9);
}

export async function homeBefore(redis: Redis, id: number) {
  const batch = redis.pipeline();
  addProfile(batch, id);
  addFeed(batch, id);
  const replies = (await batch.exec()) ?? [];
  for (const [error] of replies) if (error) throw error;
  const [user, friends, feed] = replies.map(([, reply]) => reply); // whoever adds a command must count here
  return { user, friends, feed };
}
// #endregion home-before

// #region home-after
async function profile(redis: Redis, id: number) {
  const [user, friends] = await Promise.all([redis.hgetall(`user:${id}`), redis.scard(`friends:${id}`)]);
  return { user, friends };
}

function feedOf(redis: Redis, id: number) {
  return redis.lrange(`feed:${id}`, 0, 9);
}

export async function homeAfter(redis: Redis, id: number) {
  const [{ user, friends }, feed] = await Promise.all([profile(redis, id), feedOf(redis, id)]);
  return { user, friends, feed };
}
// #endregion home-after

// #region spend-before
export async function spendBefore(redis: Redis, key: string, amount: number) {
  const own = redis.duplicate(); // WATCH belongs to the connection
  try {
    for (;;) {
      await own.watch(key);
      if (Number(await own.get(key)) < amount) return false;
      if ((await own.multi().decrby(key, amount).exec()) !== null) return true;
    }
  } finally {
    own.disconnect();
  }
}
// #endregion spend-before

// #region spend-after
export async function spendAfter(redis: Tickpiped<Redis>, key: string, amount: number) {
  const replies = await redis.tickpipe.transaction([key], async (tx) => {
    if (Number(await tx.get(key)) < amount) return null;
    return tx.multi().decrby(key, amount);
  });
  return replies !== null;
}
// #endregion spend-after
