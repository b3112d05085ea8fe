import type { IncomingMessage, ServerResponse } from "node:http";
import { isDeepStrictEqual } from "node:util";
import { assertScopeOptions, type IoredisClient, TickpipeError, tickpipe } from "@tickpipe/core";
import { tellOpened } from "./opened-requests.ts";
import { type PerRequestOptions, resolvePerRequestOptions } from "./per-request-options.ts";
import { RequestScope } from "./request-scope.ts";
import { onResponseEnd } from "./response-end.ts";
import { addServerTiming } from "./server-timing.ts";

/**
 * A middleware for Express 4 and 5; for anything else, too, that calls `(req, res, next)`.
 *
 * @param req the request, which gets the property
 * @param res its response, which ends the scope when it closes
 * @param next goes on with the request; is given an error where the property is taken
 */
export type PerRequestMiddleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;

/** Where a request has the scope of its property, for a `perRequest` that runs after another. */
const OPENED: unique symbol = Symbol("tickpipe.requestScope");

/** A request with its own view. */
type Served = IncomingMessage & { [OPENED]?: RequestScope; [property: string]: unknown };

/**
 * Gives each request its own scope: `req.redis` is a view of the client whose calls belong to this request, and
 * leave in one write with those of all other requests in the tick.
 *
 * The scope ends when the response closes, and `req.redis` is a plain view from then on. A browser that hangs up changes nothing, unless `abortOnHangUp` asks for it. Where a
 * route has a `perRequest` of its own, with other options, that one decides for the route. The scope's counts are `req.redis.tickpipe.currentScope()?.stats()`.
 *
 * @param redis a view made by `tickpipe()`; a plain ioredis client is wrapped with the default options
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_CLIENT`, `ERR_TICKPIPE_INVALID_OPTION`
 * @throws {TickpipeError} `ERR_TICKPIPE_AUTOPIPELINING` for a plain client that `tickpipe()` refuses. A request whose property another middleware has set already
 *   fails with `ERR_TICKPIPE_PROPERTY_TAKEN`, which is given to `next`.
 */
export function perRequest(redis: IoredisClient, options: PerRequestOptions = {}): PerRequestMiddleware {
  const resolved = resolvePerRequestOptions(options);
  const { property, ambient, serverTiming, onSummary } = resolved;
  const view = tickpipe(redis);
  const { client } = view.tickpipe;
  const asksForAll = serverTiming || onSummary !== undefined;
  // So that what is wrong with the options of scopes is said now, and not in the first request.
  assertScopeOptions(resolved.scope);
  return (req, res, next) => {
    const served = req as Served;
    const taken = served[property];
    if (taken !== undefined) {
      const opened = served[OPENED];
      if (!isViewOf(taken, client)) return next(alreadyTaken(property));
      // The same twice, as where both an app and its router use it.
      if (opened?.scope.redis === taken && isDeepStrictEqual(opened.options, resolved)) return next();
    }
    const scope = view.tickpipe.scope(resolved.scope);
    const opened = new RequestScope(scope, resolved, req);
    tellOpened(() => ({ scope, request: req, response: res }));
    served[OPENED] = opened;
    served[property] = scope.redis;
    if (serverTiming) addServerTiming(res, () => scope.observed().all);
    onResponseEnd(req, res, opened);
    if (ambient === true) scope.run(next);
    else if (ambient === "observe") scope.observe(next, asksForAll);
    else next();
  };
}

/** Whether a request's property holds a view of this client, as after another `perRequest`. */
function isViewOf(value: unknown, client: IoredisClient): boolean {
  if (typeof value !== "object" || value === null || !("tickpipe" in value)) return false;
  return (value.tickpipe as { readonly client?: unknown }).client === client;
}

function alreadyTaken(property: string): TickpipeError {
  return new TickpipeError(
    "ERR_TICKPIPE_PROPERTY_TAKEN",
    `Expected req.${property} to be free, but another middleware has set it. Use perRequest(redis, { property: "…" }) with another name.`,
  );
}
