import { tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import { HOST } from "@tickpipe/test-support";
import type { Request, RequestHandler } from "express";
import { Redis } from "ioredis";
import { eachCall } from "../micro/subjects/each-call.ts";
import type { Call } from "../micro/workloads.ts";
import { OURS, WITHOUT_SCOPES } from "../subject-names.ts";

/** An app that goes without what a scope of a request costs, or with parts of it. */
export interface ScopedApp {
  readonly middleware: RequestHandler | null;
  make(calls: readonly Call[], req: Request): Promise<unknown>;
}

/** By the names that the report shows. */
export const scopedApps: Readonly<Record<string, (port: number) => ScopedApp>> = {
  [WITHOUT_SCOPES]: (port) => {
    const { make } = eachCall(tickpipe(new Redis(port, HOST), { dedupe: false }));
    return { middleware: null, make };
  },
  [OURS]: (port) => {
    const { make } = eachCall(tickpipe(new Redis(port, HOST)));
    return { middleware: null, make };
  },
  "perRequest, ambient off": (port) => {
    const middleware = perRequest(new Redis(port, HOST), { ambient: false, serverTiming: false });
    return { middleware, make: (calls, req) => eachCall(req.redis).make(calls) };
  },
  "perRequest, called by req.redis": (port) => {
    const middleware = perRequest(new Redis(port, HOST), { serverTiming: false });
    return { middleware, make: (calls, req) => eachCall(req.redis).make(calls) };
  },
  "perRequest, called by the module's redis": (port) => {
    const redis = tickpipe(new Redis(port, HOST));
    const { make } = eachCall(redis);
    return { middleware: perRequest(redis, { serverTiming: false }), make };
  },
};
