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

export { type PerRequestMiddleware, type PerRequestOptions, perRequest } from "./per-request.ts";
