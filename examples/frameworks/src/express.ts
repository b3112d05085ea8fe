import type { Tickpiped } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import express, { type ErrorRequestHandler, type Express } from "express";
import type { Redis } from "ioredis";
import { isHangUp } from "./request-scope.ts";

export function createApp(redis: Tickpiped<Redis>): Express {
  const app = express();
  app.use(perRequest(redis));
  app.get("/posts", async (req, res) => {
    const ids = await req.redis.lrange("posts", 0, 19);
    res.json(await Promise.all(ids.map((id) => req.redis.hgetall(`post:${id}`))));
  });
  const onError: ErrorRequestHandler = (error, _req, _res, next) => {
    if (!isHangUp(error)) next(error); // on to Express's own handler
  };
  app.use(onError);
  return app;
}
