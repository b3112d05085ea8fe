import type { IncomingMessage } from "node:http";
import { invalidOption, rejectUnknownOptions, type ScopeOptions, type ScopeStats } from "@tickpipe/core";
import { isReservedProperty } from "./reserved.ts";

/** Options of `perRequest()`. Those of scopes hold for each request's own. */
export interface PerRequestOptions extends Omit<ScopeOptions, "name" | "signal" | "abortable"> {
  /** The property of the request that holds the view. Default `"redis"`. */
  property?: string;
  /**
   * Whether the view that `tickpipe()` returned acts in the request's scope while the request is served, so that modules that import it need no
   * change. Through Node's AsyncLocalStorage. Default `true`.
   */
  ambient?: boolean;
  /**
   * Whether the scope is aborted when the browser hangs up before the response is sent: calls that have not been sent never are. Turn it off where a
   * handler must finish what it began, and have that call the view that `tickpipe()` returned: `req.redis` takes no calls after a hang-up either way. Default `true`.
   */
  abortOnHangUp?: boolean;
  /**
   * Whether the response gets a `Server-Timing` header with the time that the request waited for Redis until its headers were sent, which browsers show. Default: unless
   * `NODE_ENV` is `production`.
   */
  serverTiming?: boolean;
  /** Is called when the response closes, with what the request has called. What it throws is an uncaught exception. Default: nothing is called. */
  onSummary?: (summary: ScopeStats, req: IncomingMessage) => void;
}

/** The options with every default filled in. */
export interface ResolvedPerRequestOptions {
  readonly property: string;
  readonly ambient: boolean;
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
  rejectUnknownOptions(options, [...OWN, ...OF_SCOPES], "perRequest()");
  const {
    property = "redis",
    ambient = true,
    abortOnHangUp = true,
    serverTiming = process.env.NODE_ENV !== "production",
    onSummary,
    ...scope
  } = options as PerRequestOptions;
  for (const [name, value] of Object.entries({ ambient, abortOnHangUp, serverTiming })) {
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
