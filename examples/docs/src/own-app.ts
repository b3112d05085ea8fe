// README.md, "In your own app". `Redis` is given to it, so that the tests choose the server.
// #region own
import { tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import { inspector } from "@tickpipe/inspector";
// #endregion own
import type { Tickpiped } from "@tickpipe/core";
import type { Express } from "express";
import type { Redis } from "ioredis";

export function wrapOwn(app: Express, Redis: new () => Redis): Tickpiped<Redis> {
  // #region own
  const redis = tickpipe(new Redis());

  app.use(perRequest(redis));
  app.use("/_tickpipe", inspector(redis)); // shows what each request asks of Redis; off in production
  // #endregion own
  return redis;
}
