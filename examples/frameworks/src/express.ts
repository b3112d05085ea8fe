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
  const onError: ErrorRequestHandler = (error, _req, res, _next) => {
    if (isHangUp(error)) return;
    console.error(error.stack ?? error); // not as Express does, with the command's arguments, which ioredis puts into the error
    if (res.headersSent) res.destroy();
    else res.status(error.status ?? 500).end();
  };
  app.use(onError);
  return app;
}
