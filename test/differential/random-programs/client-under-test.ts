import { tickpipe } from "@tickpipe/core";
import { collectMetrics } from "@tickpipe/core/metrics";
import type { Redis } from "ioredis";
import { Registry } from "prom-client";
import { SCRIPTS, type Setup, type Via } from "./program.ts";

/** What a side's callers hold, and the client beneath it. */
export interface ClientUnderTest {
  readonly raw: Redis;
  readonly objects: Readonly<Record<Via, Redis>>;
  flush(): void;
}

/** The plain client as callers of a program hold it, or the wrapped one, as its setup asks for it. */
export function clientUnderTest(
  raw: Redis,
  side: "plain" | "wrapped",
  { flush, maxBatchBytes, lean, observed }: Setup,
  dedupe: boolean,
): ClientUnderTest {
  for (const [script, definition] of Object.entries(SCRIPTS)) raw.defineCommand(script, definition);
  if (side === "plain") return { raw, objects: { view: raw, raw, scope: raw }, flush: () => {} };
  const view = tickpipe(raw, { flush, maxBatchBytes, lean, dedupe });
  if (observed) {
    view.tickpipe.record(() => {}, { callSites: true, replyUses: true });
    collectMetrics(view, { register: new Registry() });
  }
  return {
    raw,
    objects: { view, raw, scope: view.tickpipe.scope({ name: "a request" }).redis },
    flush: () => view.tickpipe.flush(),
  };
}
