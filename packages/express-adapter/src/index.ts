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
