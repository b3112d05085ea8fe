import type { ServerResponse } from "node:http";
import type { ScopeStats } from "@tickpipe/core";

const HEADER = "Server-Timing";

/** What `writeHead` takes for headers: an object, a flat list of names and values, or a list of pairs. */
type GivenHeaders = Record<string, unknown> | unknown[];

/**
 * Adds the request's time with Redis to the response's `Server-Timing`, beside what others put there, when its headers are sent.
 *
 * Not by the package on-headers: it sets the headers that `writeHead` is given one by one, so that of two cookies in a list of pairs one is lost.
 */
export function addServerTiming(res: ServerResponse, stats: () => ScopeStats): void {
  const writeHead = res.writeHead as (this: ServerResponse, ...args: unknown[]) => ServerResponse;
  let isAdded = false;
  const withTiming = function (this: ServerResponse, ...args: unknown[]): ServerResponse {
    if (isAdded || this.headersSent) return writeHead.apply(this, args);
    isAdded = true;
    const timing = serverTiming(stats());
    const at = typeof args[1] === "string" ? 2 : 1;
    const given = args[at];
    const isGiven = typeof given === "object" && given !== null;
    // Node writes given headers as they are where none was set before, and else sets them one by one: that choice is to stay.
    if (!isGiven || (this.getHeaderNames().length > 0 && !hasTiming(given as GivenHeaders))) {
      this.appendHeader(HEADER, timing);
    } else {
      args[at] = withHeader(given as GivenHeaders, timing);
    }
    return writeHead.apply(this, args);
  };
  res.writeHead = withTiming as typeof res.writeHead;
}

function isTiming(name: unknown): boolean {
  return typeof name === "string" && name.toLowerCase() === "server-timing";
}

function hasTiming(headers: GivenHeaders): boolean {
  if (!Array.isArray(headers)) return Object.keys(headers).some(isTiming);
  if (Array.isArray(headers[0])) return headers.some((pair) => Array.isArray(pair) && isTiming(pair[0]));
  return headers.some((name, i) => i % 2 === 0 && isTiming(name));
}

function withHeader(headers: GivenHeaders, timing: string): GivenHeaders {
  if (Array.isArray(headers)) {
    return Array.isArray(headers[0]) ? [...headers, [HEADER, timing]] : [...headers, HEADER, timing];
  }
  const name = Object.keys(headers).find(isTiming);
  if (name === undefined) return { ...headers, [HEADER]: timing };
  return { ...headers, [name]: [headers[name], timing].flat() };
}

/** As in `redis;dur=1.5;desc="20 commands, 2 round trips"`; `dur` in milliseconds. */
function serverTiming({ commands, roundTrips, waitedMs }: ScopeStats): string {
  const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
  return `redis;dur=${waitedMs.toFixed(1)};desc="${counted(commands, "command")}, ${counted(roundTrips, "round trip")}"`;
}
