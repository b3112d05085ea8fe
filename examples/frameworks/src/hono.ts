import type { HttpBindings } from "@hono/node-server";
import type { ScopeOptions, Tickpiped } from "@tickpipe/core";
import { Hono, type MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Redis } from "ioredis";
import { isHangUp, requestScope } from "./request-scope.ts";

interface WithRedis {
  Bindings: HttpBindings;
  Variables: { redis: Tickpiped<Redis> };
}

export function perRequest(redis: Tickpiped<Redis>, options?: ScopeOptions): MiddlewareHandler<WithRedis> {
  return async (c, next) => {
    // Node's own response, from @hono/node-server: Hono's is there before its body has been sent.
    const scope = requestScope(redis, c.env.outgoing, options);
    c.set("redis", scope.redis);
    await scope.observe(next);
  };
}

export function createApp(redis: Tickpiped<Redis>): Hono<WithRedis> {
  const app = new Hono<WithRedis>();
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    if (!isHangUp(error)) console.error(error.stack); // not the error: ioredis puts a command's arguments into it
    return c.text("Internal Server Error", 500);
  });
  app.use(perRequest(redis));
  app.get("/posts", async (c) => {
    const redis = c.get("redis");
    const ids = await redis.lrange("posts", 0, 19);
    return c.json(await Promise.all(ids.map((id) => redis.hgetall(`post:${id}`))));
  });
  return app;
}
