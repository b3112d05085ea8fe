/**
 * A scope for each request of Express 4 or 5, as `req.redis`.
 *
 * The package adds `redis` to the `Request` of Express, for all code that imports it, so that `req.redis` has the type of a wrapped `Redis` of ioredis. With another
 * `property`, or another client, the application declares its own.
 *
 * @module express
 */
import type { Tickpiped } from "@tickpipe/core";
import type { Redis } from "ioredis";

declare global {
  namespace Express {
    interface Request {
      /** This request's own view of Redis, set by `perRequest()`. */
      redis: Tickpiped<Redis>;
    }
  }
}

export type { OpenedRequest } from "./opened-requests.ts";
export { type PerRequestMiddleware, perRequest } from "./per-request.ts";
export type { PerRequestOptions } from "./per-request-options.ts";
