/* What the page is told, as JSON. Keys have been through `redact`; values are in none of it. */
import type { FindingKind } from "./findings/finding.ts";

/** A line of code. */
export interface PlaceView {
  /** From the working directory, where it is within. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly functionName: string | null;
}

/** One request in the list. */
export interface RequestSummary {
  readonly id: string;
  /** `null` for a scope that no HTTP request opened. */
  readonly method: string | null;
  /** The route's pattern; the path where no route told; the scope's name where it was no request. Never the query. */
  readonly route: string;
  /** `null` for a browser that hung up first, and for a scope that was no request. */
  readonly status: number | null;
  /** In milliseconds since 1970. */
  readonly openedAt: number;
  readonly totalMs: number;
  /** Time during which at least one call was waiting for its reply. */
  readonly redisMs: number;
  readonly commands: number;
  readonly errors: number;
  readonly roundTrips: number;
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
  readonly method: string;
  readonly commands: number;
  readonly keys: readonly string[];
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly roundTrip: number;
  readonly answeredBy: "redis" | "dedupe" | "memo";
  readonly outcome: "pending" | "ok" | "error";
  readonly error: string | null;
  readonly replyBytes: number;
  readonly at: PlaceView | null;
}

/** One finding beside the waterfall. */
export interface FindingView {
  readonly kind: FindingKind;
  readonly isGuess: boolean;
  readonly title: string;
  readonly advice: string;
  /** The places of its calls in the waterfall, from 0. */
  readonly calls: readonly number[];
  readonly savedMs: number;
  readonly savedRoundTrips: number;
  readonly at: PlaceView | null;
  readonly alsoAt: readonly PlaceView[];
  readonly rewrite: string | null;
}

/** One request with its waterfall. */
export interface RequestDetail extends RequestSummary {
  /** The request's path without its query. */
  readonly path: string | null;
  readonly calls: readonly CallView[];
  /** Calls that were made beyond what is recorded. */
  readonly droppedCalls: number;
  /** Recorded calls whose line was not kept. */
  readonly droppedCallSites: number;
  readonly memoHits: number;
  readonly problems: readonly FindingView[];
}

/** What the event stream sends. */
export interface RequestsMessage {
  /** The newest first. */
  readonly requests: readonly RequestSummary[];
  /** Requests that came too fast to be recorded, or to be shown, since the last message. */
  readonly skipped: number;
}
