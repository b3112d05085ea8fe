import type { ServerResponse } from "node:http";
import type { ScopeStats } from "@tickpipe/core";
import onHeaders from "on-headers";

/** Adds the request's time with Redis to the response's `Server-Timing`, beside what others put there, when its headers are sent. */
export function addServerTiming(res: ServerResponse, stats: () => ScopeStats): void {
  onHeaders(res, () => {
    res.appendHeader("Server-Timing", serverTiming(stats()));
  });
}

/** As in `redis;dur=1.5;desc="20 commands, 2 round trips"`; `dur` in milliseconds. */
function serverTiming({ commands, roundTrips, waitedMs }: ScopeStats): string {
  const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
  return `redis;dur=${waitedMs.toFixed(1)};desc="${counted(commands, "command")}, ${counted(roundTrips, "round trip")}"`;
}
