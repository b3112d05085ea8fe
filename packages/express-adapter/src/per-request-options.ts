import type { IncomingMessage } from "node:http";
import { invalidOption, rejectUnknownOptions, type ScopeOptions, type ScopeStats } from "@tickpipe/core";
import { isReservedProperty } from "./reserved.ts";

/** Options of `perRequest()`. Those of scopes hold for each request's own. */
export interface PerRequestOptions extends Omit<ScopeOptions, "name" | "signal" | "abortable"> {
  /** The property of the request that holds the view. Default `"redis"`. */
  property?: string;
  /**
   * What the module's own view, as `tickpipe()` returned it, has to do with the request while that is served, through Node's AsyncLocalStorage.
   *
   * `"observe"`: its calls are counted and recorded for the request, and nothing else happens to them. AsyncLocalStorage costs a request some of its time, so it is entered only
   * while somebody asks: `serverTiming`, `onSummary`, a listener of `record()` such as the inspector's, or of the channel `tickpipe:request`. `true`: it acts in the request's scope: `memo` and
   * `maxPerTick` hold for its calls as well, and `currentScope()` and loaders know the scope. No abort, deadline or budget ever refuses one. `false`: nothing. Default `"observe"`.
   */
  ambient?: "observe" | boolean;
  /**
   * Whether the scope is aborted when the browser hangs up before the response is sent: calls of `req.redis` reject then, and those that have not been sent never are. Calls of the
   * module's own view go on. Default `false`: a handler goes on as it would with the plain client.
   */
  abortOnHangUp?: boolean;
  /**
   * Whether the response gets a `Server-Timing` header with the time that the request waited for Redis until its headers were sent, which browsers show. Default: unless
   * `NODE_ENV` is `production`.
   */
  serverTiming?: boolean;
  /** Is called when the response closes, with what the request has called, by `req.redis` and by the module's own view. What it throws is an uncaught exception. Default: nothing is called. */
  onSummary?: (summary: ScopeStats, req: IncomingMessage) => void;
}

/** The options with every default filled in. */
export interface ResolvedPerRequestOptions {
  readonly property: string;
  readonly ambient: "observe" | boolean;
  readonly abortOnHangUp: boolean;
  readonly serverTiming: boolean;
  readonly onSummary: PerRequestOptions["onSummary"];
  readonly scope: ScopeOptions;
}

const OWN: readonly string[] = ["property", "ambient", "abortOnHangUp", "serverTiming", "onSummary"];
const OF_SCOPES: readonly string[] = [
  ...["memo", "deadlineMs", "maxPerTick", "maxCommands", "maxRoundTrips", "whenOverBudget"],
];

/**
 * Checks the options, but for those of scopes.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION`
 */
export function resolvePerRequestOptions(options: unknown): ResolvedPerRequestOptions {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw invalidOption("the options of perRequest()", 'an object, as in { property: "redis" }', options);
  }
  const own = rejectUnknownOptions(options, [...OWN, ...OF_SCOPES], "perRequest()");
  const {
    property = "redis",
    ambient = "observe",
    abortOnHangUp = false,
    serverTiming = process.env.NODE_ENV !== "production",
    onSummary,
    ...scope
  } = own as PerRequestOptions;
  if (ambient !== "observe" && typeof ambient !== "boolean") {
    throw invalidOption('option "ambient" of perRequest()', '"observe", true or false', ambient);
  }
  for (const [name, value] of Object.entries({ abortOnHangUp, serverTiming })) {
    if (typeof value !== "boolean") throw invalidOption(`option "${name}" of perRequest()`, "true or false", value);
  }
  if (onSummary !== undefined && typeof onSummary !== "function") {
    throw invalidOption(
      'option "onSummary" of perRequest()',
      "a function that takes a summary and the request",
      onSummary,
    );
  }
  if (typeof property !== "string" || property === "") {
    throw invalidOption('option "property" of perRequest()', "the name of a property, as a string", property);
  }
  if (isReservedProperty(property)) {
    const free = 'a name that neither Node nor Express uses on requests, such as "redis"';
    throw invalidOption('option "property" of perRequest()', free, property);
  }
  return { property, ambient, abortOnHangUp, serverTiming, onSummary, scope: { ...scope, abortable: abortOnHangUp } };
}
