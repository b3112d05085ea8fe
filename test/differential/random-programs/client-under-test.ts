import { tickpipe } from "@tickpipe/core";
import { collectMetrics } from "@tickpipe/core/metrics";
import { type PerRequestMiddleware, type PerRequestOptions, perRequest } from "@tickpipe/express";
import type { Redis } from "ioredis";
import { Registry } from "prom-client";
import { SCRIPTS, type Serving, type Setup, type Via } from "./program.ts";

/** What a side's callers hold, and the client beneath it. */
export interface ClientUnderTest {
  readonly raw: Redis;
  readonly objects: Readonly<Record<Via, Redis>>;
  flush(): void;
  /** Gives a request its `req.redis`: a view of its own, or the plain client. */
  readonly serve: PerRequestMiddleware;
}

/** No pipeline of a program is longer, so that none is too large by itself. */
const MOST_PENDING = 9;

const SERVED_WITH: Readonly<Record<Serving, PerRequestOptions>> = {
  default: {},
  memo: { memo: true },
  maxPerTick: { maxPerTick: 2 },
  maxPending: {},
};

/** The plain client as callers of a program hold it, or the wrapped one, as its setup asks for it. */
export function clientUnderTest(
  raw: Redis,
  side: "plain" | "wrapped",
  { flush, maxBatchBytes, lean, observed, serving = "default" }: Setup,
  dedupe: boolean,
): ClientUnderTest {
  for (const [script, definition] of Object.entries(SCRIPTS)) raw.defineCommand(script, definition);
  if (side === "plain")
    return { raw, objects: { view: raw, raw, scope: raw }, flush: () => {}, serve: servePlainly(raw) };
  const limits = serving === "maxPending" ? ({ maxPending: MOST_PENDING, whenFull: "wait" } as const) : {};
  const view = tickpipe(raw, { flush, maxBatchBytes, lean, dedupe, ...limits });
  if (observed) {
    view.tickpipe.record(() => {}, { callSites: true, replyUses: true });
    collectMetrics(view, { register: new Registry() });
  }
  return {
    raw,
    objects: { view, raw, scope: view.tickpipe.scope({ name: "a request" }).redis },
    flush: () => view.tickpipe.flush(),
    serve: perRequest(view, { ...SERVED_WITH[serving], ...(!observed && { serverTiming: false }) }),
  };
}

function servePlainly(redis: Redis): PerRequestMiddleware {
  return (req, _res, next) => {
    Object.assign(req, { redis });
    next();
  };
}
