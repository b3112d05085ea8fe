import type { IncomingMessage, ServerResponse } from "node:http";
import {
  assertScopeOptions,
  type IoredisClient,
  type Scope,
  type Tickpiped,
  TickpipeError,
  tickpipe,
} from "@tickpipe/core";
import { tellOpened } from "./opened-requests.ts";
import {
  type PerRequestOptions,
  type ResolvedPerRequestOptions,
  resolvePerRequestOptions,
} from "./per-request-options.ts";
import { addServerTiming } from "./server-timing.ts";

/**
 * A middleware for Express 4 and 5; for anything else, too, that calls `(req, res, next)`.
 *
 * @param req the request, which gets the property
 * @param res its response, which ends the scope when it closes
 * @param next goes on with the request, within the scope; is given an error where the property is taken
 */
export type PerRequestMiddleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * Gives each request its own scope: `req.redis` is a view of the client whose calls belong to this request, and
 * leave in one write with those of all other requests in the tick.
 *
 * The scope ends when the response closes: after it has been sent, or when the browser hangs up before that, which aborts it. Work that goes on
 * afterwards calls the view that `tickpipe()` returned. The scope's counts are `req.redis.tickpipe.currentScope()?.stats()`.
 *
 * @param redis a view made by `tickpipe()`; a plain ioredis client is wrapped with the default options
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_CLIENT`, `ERR_TICKPIPE_INVALID_OPTION`
 * @throws {TickpipeError} `ERR_TICKPIPE_AUTOPIPELINING` for a plain client that `tickpipe()` refuses. A request whose property another middleware has set already
 *   fails with `ERR_TICKPIPE_PROPERTY_TAKEN`, which is given to `next`.
 */
export function perRequest(redis: IoredisClient, options: PerRequestOptions = {}): PerRequestMiddleware {
  const resolved = resolvePerRequestOptions(options);
  const { property, ambient, serverTiming } = resolved;
  const view = tickpipe(redis);
  // So that what is wrong with the options of scopes is said now, and not in the first request.
  assertScopeOptions(resolved.scope);
  return (req, res, next) => {
    const taken = propertyOf(req, property);
    if (taken !== undefined) {
      next(isScopeOf(taken, view.tickpipe.client) ? undefined : alreadyTaken(property));
      return;
    }
    const scope = openScope(view, req, res, resolved);
    Object.assign(req, { [property]: scope.redis });
    if (serverTiming) addServerTiming(res, () => scope.stats());
    if (ambient) scope.run(() => next());
    else next();
  };
}

/** Opens a request's scope, which ends with its response. */
function openScope<C extends IoredisClient>(
  view: Tickpiped<C>,
  req: IncomingMessage,
  res: ServerResponse,
  { abortOnHangUp, onSummary, scope: options }: ResolvedPerRequestOptions,
): Scope<C> {
  const scope = view.tickpipe.scope(options);
  tellOpened(() => ({ scope, request: req, response: res }));
  const end = (): void => {
    if (abortOnHangUp && !res.writableFinished)
      scope.abort(new Error("The browser hung up before the response was sent."));
    scope.close();
    onSummary?.(scope.stats(), req);
  };
  // A browser that hung up while earlier middleware ran: "close" has been emitted already.
  if (res.destroyed || res.closed) end();
  else res.once("close", end);
  return scope;
}

function propertyOf(req: IncomingMessage, property: string): unknown {
  return (req as { [name: string]: unknown } & IncomingMessage)[property];
}

/** Whether `perRequest` ran before for the same client, as when both an app and its router use it. */
function isScopeOf(value: unknown, client: IoredisClient): boolean {
  if (typeof value !== "object" || value === null || !("tickpipe" in value)) return false;
  return (value.tickpipe as { readonly client?: unknown }).client === client;
}

function alreadyTaken(property: string): TickpipeError {
  return new TickpipeError(
    "ERR_TICKPIPE_PROPERTY_TAKEN",
    `Expected req.${property} to be free, but another middleware has set it. Use perRequest(redis, { property: "…" }) with another name.`,
  );
}
