import { tickpipe } from "@tickpipe/core";
import { type PerRequestOptions, perRequest } from "@tickpipe/express";
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
  "perRequest, ambient off": (port) => calledByRequest(port, { ambient: false }),
  // The default: AsyncLocalStorage is entered only while somebody asks, and here nobody does.
  "perRequest, called by req.redis": (port) => calledByRequest(port, {}),
  "perRequest, called by the module's redis": (port) => calledByModule(port, {}),
  "perRequest, observed, called by the module's redis": (port) => calledByModule(port, { onSummary: () => {} }),
  "perRequest, ambient, called by the module's redis": (port) => calledByModule(port, { ambient: true }),
};

/** As in production, where `Server-Timing` is off. */
const IN_PRODUCTION: PerRequestOptions = { serverTiming: false };

function calledByRequest(port: number, options: PerRequestOptions): ScopedApp {
  const middleware = perRequest(new Redis(port, HOST), { ...IN_PRODUCTION, ...options });
  return { middleware, make: (calls, req) => eachCall(req.redis).make(calls) };
}

function calledByModule(port: number, options: PerRequestOptions): ScopedApp {
  const redis = tickpipe(new Redis(port, HOST));
  const { make } = eachCall(redis);
  return { middleware: perRequest(redis, { ...IN_PRODUCTION, ...options }), make };
}
