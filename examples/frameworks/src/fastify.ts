import type { ScopeOptions, Tickpiped } from "@tickpipe/core";
import fastify, { type FastifyInstance } from "fastify";
import type { Redis } from "ioredis";
import { isHangUp, requestScope } from "./request-scope.ts";

declare module "fastify" {
  interface FastifyRequest {
    redis: Tickpiped<Redis>;
  }
}

export function perRequest(app: FastifyInstance, redis: Tickpiped<Redis>, options?: ScopeOptions): void {
  app.decorateRequest("redis");
  app.addHook("onRequest", (request, reply, done) => {
    const scope = requestScope(redis, reply.raw, options);
    request.redis = scope.redis;
    scope.observe(done);
  });
}

export function createApp(redis: Tickpiped<Redis>): FastifyInstance {
  // ioredis puts a command's arguments into its error, and the logger would write them.
  const app = fastify({ logger: { level: "error", redact: ["err.command"] } });
  perRequest(app, redis);
  app.setErrorHandler((error, _request, reply) => {
    if (!isHangUp(error)) throw error; // on to Fastify's own handler
    reply.code(499).send();
  });
  app.get("/posts", async (request) => {
    const ids = await request.redis.lrange("posts", 0, 19);
    return Promise.all(ids.map((id) => request.redis.hgetall(`post:${id}`)));
  });
  return app;
}
