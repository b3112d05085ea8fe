import type { ScopeOptions, Tickpiped } from "@tickpipe/core";
import type { Redis } from "ioredis";
import Koa from "koa";
import { isHangUp, requestScope } from "./request-scope.ts";

interface WithRedis {
  redis: Tickpiped<Redis>;
}

export function perRequest(redis: Tickpiped<Redis>, options?: ScopeOptions): Koa.Middleware<object, WithRedis> {
  return async (ctx, next) => {
    const scope = requestScope(redis, ctx.res, options);
    ctx.redis = scope.redis;
    await scope.observe(next);
  };
}

export function createApp(redis: Tickpiped<Redis>): Koa<object, WithRedis> {
  const app = new Koa<object, WithRedis>();
  app.on("error", (error: Error) => {
    if (!isHangUp(error)) app.onerror(error);
  });
  app.use(perRequest(redis));
  app.use(async (ctx, next) => {
    if (ctx.method !== "GET" || ctx.path !== "/posts") return next();
    const ids = await ctx.redis.lrange("posts", 0, 19);
    ctx.body = await Promise.all(ids.map((id) => ctx.redis.hgetall(`post:${id}`)));
  });
  return app;
}
