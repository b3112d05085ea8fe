import type { IncomingMessage, ServerResponse } from "node:http";
import { type IoredisClient, invalidOption, rejectUnknownOptions, TickpipeError, tickpipe } from "@tickpipe/core";
import { isReservedProperty } from "./reserved.ts";

/** Options of `perRequest()`. */
export interface PerRequestOptions {
  /** The property of the request that holds the view. Default `"redis"`. */
  property?: string;
}

/** A middleware for Express 4 and 5; for anything else, too, that calls `(req, res, next)`. */
export type PerRequestMiddleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * Gives each request its own scope: `req.redis` is a view of the client whose calls are counted for this request, and
 * leave in one write with those of all other requests in the tick.
 *
 * The scope ends when the response closes: after it has been sent, or when the browser hangs up before that.
 * Its counts are `req.redis.tickpipe.currentScope()?.stats()`.
 *
 * @param redis a view made by `tickpipe()`; a plain ioredis client is wrapped with the default options
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_CLIENT`, `ERR_TICKPIPE_INVALID_OPTION`
 * @throws {TickpipeError} whatever `tickpipe()` refuses the client with
 */
export function perRequest(redis: IoredisClient, options: PerRequestOptions = {}): PerRequestMiddleware {
  const property = resolveProperty(options);
  const view = tickpipe(redis);
  return (req, res, next) => {
    const taken = propertyOf(req, property);
    if (taken !== undefined) {
      next(isScopeOf(taken, view.tickpipe.client) ? undefined : alreadyTaken(property));
      return;
    }
    const scope = view.tickpipe.scope();
    Object.assign(req, { [property]: scope.redis });
    // A browser that hung up while earlier middleware ran: "close" has been emitted already.
    if (res.destroyed || res.closed) scope.close();
    else res.once("close", () => scope.close());
    next();
  };
}

function resolveProperty(options: unknown): string {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw invalidOption("the options of perRequest()", 'an object, as in { property: "redis" }', options);
  }
  rejectUnknownOptions(options, ["property"], "perRequest()");
  const { property = "redis" } = options as PerRequestOptions;
  if (typeof property !== "string" || property === "") {
    throw invalidOption('option "property" of perRequest()', "the name of a property, as a string", property);
  }
  if (isReservedProperty(property)) {
    const free = 'a name that neither Node nor Express uses on requests, such as "redis"';
    throw invalidOption('option "property" of perRequest()', free, property);
  }
  return property;
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
