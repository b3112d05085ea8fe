// The code of docs/inspector.md, and of the README of @tickpipe/inspector.
// #region mount
import { inspector } from "@tickpipe/inspector";
// #endregion mount
import type { Tickpiped } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import type { Express } from "express";
import type { Redis } from "ioredis";

export function mount(app: Express, redis: Tickpiped<Redis>) {
  // #region mount
  app.use(perRequest(redis)); // of @tickpipe/express
  app.use("/_tickpipe", inspector(redis)); // then open /_tickpipe/
  // #endregion mount
}
