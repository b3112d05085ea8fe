// The code of the README of @tickpipe/core. `Redis` is given to it, so that the tests choose the server.
// #region two-calls
import { tickpipe } from "@tickpipe/core";
import { Redis } from "ioredis";
// #endregion two-calls
import type { Tickpiped } from "@tickpipe/core";

export function wrap(Redis: new () => Redis) {
  // #region two-calls
  const redis = tickpipe(new Redis());
  // #endregion two-calls
  return redis;
}

export async function twoCalls(redis: Tickpiped<Redis>) {
  // #region two-calls
  // Two calls, one write. Nothing else changes.
  const [name, visits] = await Promise.all([redis.get("name"), redis.incr("visits")]);
  // #endregion two-calls
  return { name, visits };
}
