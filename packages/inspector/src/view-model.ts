/* What the page is told, as JSON. Keys have been through `redact`; values are in none of it. */
import type { FindingKind } from "./findings/finding.ts";

/** A line of code. */
export interface PlaceView {
  /** From the working directory, where it is within. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The function that the line is in, as V8 names it; `null` where it has no name. */
  readonly functionName: string | null;
}

/** One request in the list. */
export interface RequestSummary {
  /** Tells it from all others; safe in an address. */
  readonly id: string;
  /** The HTTP method; `null` for a scope that no HTTP request opened. */
  readonly method: string | null;
  /** The route's pattern; the path where no route told; the scope's name where it was no request. Never the query. */
  readonly route: string;
  /** The status of the response; `null` for a browser that hung up first, and for a scope that was no request. */
  readonly status: number | null;
  /** When its scope was opened, in milliseconds since 1970. */
  readonly openedAt: number;
  /** How long its scope was open, in milliseconds. */
  readonly totalMs: number;
  /** Time during which at least one call was waiting for its reply, in milliseconds. */
  readonly redisMs: number;
  /** Commands that it called; a pipeline counts each of its commands. */
  readonly commands: number;
  /** Calls that failed. */
  readonly errors: number;
  /** Waves of calls, as `stats().roundTrips` of a scope counts them. */
  readonly roundTrips: number;
  /** How many of them would be left if all findings were acted on. */
  readonly possibleRoundTrips: number;
  /** The kinds of its findings, the one that would save most first. */
  readonly findings: readonly FindingKind[];
  /** Of each round trip, how many commands it took; at most 64. */
  readonly batches: readonly number[];
  /** Of each round trip, how many milliseconds it took; at most 64. */
  readonly latenciesMs: readonly number[];
}

/** One call in the waterfall. */
export interface CallView {
  /** The method that was called: `"getBuffer"`. */
  readonly method: string;
  /** How many commands it sent; 0 for a call that was answered without, or never sent. */
  readonly commands: number;
  /** The Redis keys, as `redact` shows them. Empty where they are not known. */
  readonly keys: readonly string[];
  /** When it was called, in milliseconds since the scope was opened. */
  readonly startedMs: number;
  /** When it was answered, or failed, in milliseconds since the scope was opened; `null` while it waits. */
  readonly endedMs: number | null;
  /** The wave that it belongs to, from 1. */
  readonly roundTrip: number;
  /** What answered it: a reply of Redis to this very call, to another one of the same tick, or the scope's memo. */
  readonly answeredBy: "redis" | "dedupe" | "memo";
  /** `"pending"` while it waits; `"error"` if it failed, or if there is an error among the replies of a pipeline. */
  readonly outcome: "pending" | "ok" | "error";
  /** The error's code, as in `"WRONGTYPE"`, or its class; never its message. `null` without one. */
  readonly error: string | null;
  /** About how many bytes the reply holds; 0 without one. */
  readonly replyBytes: number;
  /** The application's own line that called it; `null` where none is known. */
  readonly at: PlaceView | null;
}

/** One finding beside the waterfall. */
export interface FindingView {
  /** What it is, for programs. */
  readonly kind: FindingKind;
  /** Whether it may be meant as it is: values are not recorded, so that what a call needs is guessed from the code. */
  readonly isGuess: boolean;
  /** One sentence that says what was seen. */
  readonly title: string;
  /** What to do, and what it depends on. */
  readonly advice: string;
  /** The places of its calls in the waterfall, from 0. */
  readonly calls: readonly number[];
  /** How many milliseconds would not be waited without it. */
  readonly savedMs: number;
  /** In how many round trips it has calls that could go with earlier ones. */
  readonly savedRoundTrips: number;
  /** The line to change; `null` where none is known. */
  readonly at: PlaceView | null;
  /** Where its calls are made, if elsewhere. */
  readonly alsoAt: readonly PlaceView[];
  /** Code to paste in the place of what is there; `null` where there is nothing to paste. */
  readonly rewrite: string | null;
}

/** One request with its waterfall. */
export interface RequestDetail extends RequestSummary {
  /** The request's path without its query. */
  readonly path: string | null;
  /** Its calls, in the order in which they were made. */
  readonly calls: readonly CallView[];
  /** How many calls were made beyond what is recorded. */
  readonly droppedCalls: number;
  /** Of how many recorded calls the line was not kept. */
  readonly droppedCallSites: number;
  /** Reads that were answered from the scope's memo; `commands` does not count them. */
  readonly memoHits: number;
  /** What was found, the one that would save most first. */
  readonly problems: readonly FindingView[];
}

/** What the event stream sends. */
export interface RequestsMessage {
  /** The newest first. */
  readonly requests: readonly RequestSummary[];
  /** Requests that came too fast to be recorded, or to be shown, since the last message. */
  readonly skipped: number;
}
