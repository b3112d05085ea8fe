import type { Tickpiped } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import express, { type Express } from "express";
import type { Redis } from "ioredis";

export function createApp(redis: Tickpiped<Redis>): Express {
  const app = express();
  app.use(perRequest(redis));
  app.get("/posts", async (req, res) => {
    const ids = await req.redis.lrange("posts", 0, 19);
    res.json(await Promise.all(ids.map((id) => req.redis.hgetall(`post:${id}`))));
  });
  return app;
}
