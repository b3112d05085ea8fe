// The code of README.md. `Redis` is given to it, so that the tests choose the server.
// #region wrap
import { tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import express from "express";
import { Redis } from "ioredis";
// #endregion wrap
import type { Tickpiped } from "@tickpipe/core";
import { expectNoWaterfall, expectRoundTrips } from "@tickpipe/core/testing";

export function wrap(Redis: new () => Redis): { redis: Tickpiped<Redis>; app: express.Express } {
  // #region wrap
  const redis = tickpipe(new Redis()); // the one line: same type, same behaviour, one write per tick

  const app = express();
  app.use(perRequest(redis)); // req.redis: this request's own batcher

  app.get("/posts", async (req, res) => {
    const ids = await req.redis.lrange("posts", 0, 19);
    res.json(await Promise.all(ids.map((id) => req.redis.hgetall(`post:${id}`)))); // 20 calls, one write
  });
  // #endregion wrap
  return { redis, app };
}

export async function test(redis: Tickpiped<Redis>, loadPosts: () => Promise<unknown>) {
  // #region test
  await expectNoWaterfall(redis, () => loadPosts()); // or expectRoundTrips(redis, () => loadPosts(), { atMost: 2 })
  // #endregion test
  await expectRoundTrips(redis, () => loadPosts(), { atMost: 2 });
}
