import type { IncomingMessage } from "node:http";
import { invalidOption, rejectUnknownOptions, TickpipeError } from "@tickpipe/core";

/** Options of `inspector()`. Validated once, at creation. */
export interface InspectorOptions {
  /**
   * Whether requests are recorded and the page is served; where not, the handler calls `next()` and costs nothing. Default: unless `NODE_ENV` is `production`. `true` in
   * production needs `authorize`.
   */
  enabled?: boolean;
  /** Who may see the page: is asked at each request for it. Anything but `true`, and an error, is answered with 403. Default: everybody who `allowRemote` lets in. */
  authorize?: (req: IncomingMessage) => boolean | Promise<boolean>;
  /**
   * Whether the page is served to other machines. Default `false`: to this one alone, asked for by a name of it and not through a proxy. In production `authorize`
   * decides alone.
   */
  allowRemote?: boolean;
  /** What is shown of a key. Default: the key. Where it throws, or returns no string, nothing is shown. */
  redact?: (key: string) => string;
  /** How many requests are kept; the oldest go first. A whole number from 1 to 10,000. Default 200. */
  maxRequests?: number;
  /**
   * How many requests are recorded in a second, so that a load test, or a busy server, does not pay for all of them; the rest are counted. A whole number from 1 on, or
   * `Infinity`. Default 100.
   */
  maxPerSecond?: number;
  /** Whether the responses of recorded requests get an `X-Tickpipe-Inspect` header with the address of their waterfall. Default `true`. */
  header?: boolean;
  /** Where the handler is mounted, for the addresses in that header until the page was first asked for, and where no framework tells. Default `"/_tickpipe"`. */
  path?: string;
  /** From how many bytes on a reply is big. A positive number or `Infinity`. Default 64 KiB. */
  bigReplyBytes?: number;
  /** From how many milliseconds on a command is slow. A positive number or `Infinity`. Default 100. */
  slowMs?: number;
}

/** The options with every default filled in. */
export interface ResolvedInspectorOptions extends Required<Omit<InspectorOptions, "authorize">> {
  readonly authorize: InspectorOptions["authorize"];
  readonly isProduction: boolean;
}

/** Beyond it the list would be of no use to a reader, and hold too much. */
const MOST_REQUESTS = 10_000;

const isPositive = (value: unknown): boolean => typeof value === "number" && value > 0;
const isFunction = (value: unknown): boolean => typeof value === "function";
const SWITCH = { isRight: (value: unknown) => typeof value === "boolean", expected: "true or false" };

const CHECKS: Readonly<Record<keyof InspectorOptions, { isRight: (value: unknown) => boolean; expected: string }>> = {
  enabled: SWITCH,
  authorize: { isRight: isFunction, expected: "a function that takes a request and returns true or false" },
  allowRemote: SWITCH,
  redact: { isRight: isFunction, expected: "a function that takes a key and returns what is shown of it" },
  maxRequests: {
    isRight: (value) => Number.isInteger(value) && isPositive(value) && (value as number) <= MOST_REQUESTS,
    expected: `a whole number from 1 to ${MOST_REQUESTS}`,
  },
  maxPerSecond: {
    isRight: (value) => value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && isPositive(value)),
    expected: "a whole number from 1 on, or Infinity",
  },
  header: SWITCH,
  path: {
    isRight: (value) => typeof value === "string" && /^(\/[\w.~-]+)+$/.test(value),
    expected: 'a path without a slash at its end, as in "/_tickpipe"',
  },
  bigReplyBytes: { isRight: isPositive, expected: "a positive number of bytes, or Infinity" },
  slowMs: { isRight: isPositive, expected: "a positive number of milliseconds, or Infinity" },
};
const KNOWN = Object.keys(CHECKS) as readonly (keyof InspectorOptions)[];

/**
 * Checks options and fills in the defaults. An option that is `undefined` counts as not given.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION`
 * @throws {TickpipeError} `ERR_TICKPIPE_INSPECTOR_OPEN` in production with `enabled: true` and without `authorize`
 */
export function resolveInspectorOptions(options: unknown): ResolvedInspectorOptions {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw invalidOption("the options of inspector()", "an object, as in { maxRequests: 500 }", options);
  }
  const own = rejectUnknownOptions(options, KNOWN, "inspector()");
  const given: InspectorOptions = own;
  for (const name of KNOWN) {
    const value = given[name];
    if (value === undefined) continue;
    if (!CHECKS[name].isRight(value)) {
      throw invalidOption(`option "${name}" of inspector()`, CHECKS[name].expected, value);
    }
  }
  const isProduction = process.env.NODE_ENV === "production";
  const {
    enabled = !isProduction,
    authorize,
    allowRemote = false,
    redact = (key: string) => key,
    maxRequests = 200,
    maxPerSecond = 100,
    header = true,
    path = "/_tickpipe",
    bigReplyBytes = 64 * 1024,
    slowMs = 100,
  } = given;
  if (isProduction && enabled && authorize === undefined) throw open();
  return {
    ...{
      enabled,
      authorize,
      allowRemote,
      redact,
      maxRequests,
      maxPerSecond,
      header,
      path,
      bigReplyBytes,
      slowMs,
      isProduction,
    },
  };
}

function open(): TickpipeError {
  return new TickpipeError(
    "ERR_TICKPIPE_INSPECTOR_OPEN",
    "With NODE_ENV=production, inspector() with enabled: true needs an authorize callback, since it shows keys, routes and source lines. Add authorize: (req) => …, or leave enabled out.",
  );
}
