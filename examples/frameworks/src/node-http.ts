import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { ScopeOptions, Tickpiped } from "@tickpipe/core";
import type { Redis } from "ioredis";
import { isHangUp, requestScope } from "./request-scope.ts";

type Handler = (req: IncomingMessage, res: ServerResponse, redis: Tickpiped<Redis>) => Promise<void>;

export function perRequest(redis: Tickpiped<Redis>, handler: Handler, options?: ScopeOptions): RequestListener {
  return async (req, res) => {
    const scope = requestScope(redis, res, options);
    try {
      await scope.observe(() => handler(req, res, scope.redis));
    } catch (error) {
      // Not the error itself: ioredis puts a command's arguments into it.
      if (!isHangUp(error)) console.error(error instanceof Error ? error.stack : error);
      if (res.headersSent) res.destroy();
      else res.writeHead(500).end();
    }
  };
}

export function createApp(redis: Tickpiped<Redis>): RequestListener {
  return perRequest(redis, async (req, res, own) => {
    if (req.method !== "GET" || req.url !== "/posts") {
      res.writeHead(404).end();
      return;
    }
    const ids = await own.lrange("posts", 0, 19);
    const posts = await Promise.all(ids.map((id) => own.hgetall(`post:${id}`)));
    res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(posts));
  });
}
