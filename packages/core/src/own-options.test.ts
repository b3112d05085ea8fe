import { Redis } from "ioredis";
import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { resolvePerRequestOptions } from "../../express-adapter/src/per-request-options.ts";
import { resolveInspectorOptions } from "../../inspector/src/options.ts";
import { settingsOf } from "./lanes/transaction-arguments.ts";
import { resolveLoaderOptions } from "./loader/loader-options.ts";
import { collectMetrics } from "./metrics.ts";
import { resolveOptions } from "./options.ts";
import { openTelemetry } from "./otel.ts";
import { resolveScopeOptions } from "./scope/scope-options.ts";
import { tickpipe } from "./tickpipe.ts";

const redis = tickpipe(new Redis({ lazyConnect: true }));
const register = new Registry();

/** Each object of options that there is: what takes it, with an option that would be refused if it were taken. */
const takers: Record<string, [name: string, take: (options: object) => unknown]> = {
  "tickpipe()": ["maxPending", resolveOptions],
  "scope()": ["memo", resolveScopeOptions],
  "loader()": ["jitter", (options) => resolveLoaderOptions({ key: String, load: async () => [], ttl: 1, ...options })],
  "transaction()": ["retries", settingsOf],
  "record()": ["maxCalls", (options) => redis.tickpipe.record(() => {}, options)],
  "collectMetrics()": ["client", (options) => collectMetrics(redis, { register, ...options })],
  "openTelemetry()": ["batchSpans", (options) => openTelemetry(redis, options)],
  "perRequest()": ["serverTiming", resolvePerRequestOptions],
  "inspector()": ["maxRequests", resolveInspectorOptions],
};

const WRONG = Symbol("no option of anybody");

it.each(Object.entries(takers))("%s takes no option from Object.prototype", (_owner, [name, take]) => {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  expect(() => take({ [name]: WRONG }), "it is a wrong one").toThrow(`"${name}"`);
  prototype[name] = WRONG;
  let thrown: unknown;
  try {
    take({});
  } catch (error) {
    thrown = error;
  } finally {
    delete prototype[name];
  }
  expect(thrown).toBeUndefined();
});

it("a polluted prototype does not turn the memo on", () => {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  prototype.memo = true;
  const { memo } = resolveScopeOptions({});
  delete prototype.memo;
  expect(memo).toBe(false);
});

it.each(Object.entries(takers))(
  "%s refuses an option that comes from a class, and does not ignore it",
  (owner, [name, take]) => {
    // What spreads its options takes own ones alone.
    if (owner === "loader()" || owner === "collectMetrics()") return;
    const attempt = (): unknown => take(Object.create({ [name]: 1 }));
    expect(attempt).toThrow(expect.objectContaining({ code: "ERR_TICKPIPE_INVALID_OPTION" }));
    expect(attempt).toThrow("Copy it into a plain object");
  },
);
