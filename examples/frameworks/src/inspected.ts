import type { RequestListener } from "node:http";
import type { Tickpiped } from "@tickpipe/core";
import { inspector } from "@tickpipe/inspector";
import type { Redis } from "ioredis";

/** Puts the inspector in front of an app: it answers what is below `/_tickpipe`, and hands on the rest. */
export function inspected(redis: Tickpiped<Redis>, listener: RequestListener): RequestListener {
  const page = inspector(redis);
  return (req, res) => page(req, res, () => listener(req, res));
}
