import type { ScopeStats } from "./round-trips.ts";

/**
 * One call of a scope, as it is recorded while somebody asks for records. It holds keys and never values. A call that still waits is brought
 * up to date in place when it settles, in a record that was handed out before as well.
 */
export interface RecordedCall {
  /** The command in lower case, as in `"get"`; `"pipeline"`, `"multi"` and `"transaction"` for those; a script's own name. */
  readonly command: string;
  /** The method that was called: `"getBuffer"`. */
  readonly method: string;
  /** How many commands it sent: of a pipeline, its size; 0 for a call that was answered without, or never sent. */
  readonly commands: number;
  /** The Redis keys as text, with the client's `keyPrefix`: at most 16, of at most 512 characters each. Empty where they are not known. */
  readonly keys: readonly string[];
  /** When it was called, in milliseconds since the scope was opened. */
  readonly startedMs: number;
  /** When it was answered, or failed, in milliseconds since the scope was opened; `null` while it waits. */
  readonly endedMs: number | null;
  /** The wave that it belongs to, from 1, as `stats().roundTrips` counts them. A call that was answered from the memo belongs to the latest. */
  readonly roundTrip: number;
  /** What answered it: a reply of Redis to this very call, to another one of the same tick (`"dedupe"`), or the scope's memo. */
  readonly answeredBy: "redis" | "dedupe" | "memo";
  /**
   * Whether a blocking call, such as BLPOP, had no reply yet on the client's own connection when this one was made, so that it had to wait for that one
   * first; on a Cluster, on one of its connections. Absent where it did not have to.
   */
  readonly behindBlocking?: boolean;
  /** `"pending"` while it waits; `"error"` if it failed, or if there is an error among the replies of a pipeline. */
  readonly outcome: "pending" | "ok" | "error";
  /** The class of the error, as in `"ReplyError"`; `null` without one. Of a pipeline, that of the first error among its replies. */
  readonly errorName: string | null;
  /** Of an error of Redis, its first word, as in `"WRONGTYPE"`, if it is one of Redis's own; else the error's `code`. Never the message. */
  readonly errorCode: string | null;
  /** About how many bytes the reply holds; 0 without one. */
  readonly replyBytes: number;
  /**
   * The earlier calls of which this one's arguments hold something, a word or a number, that only their replies brought; as indices in `calls`. A guess: what a
   * program decides by a reply is not seen. Absent where this was not asked for.
   */
  readonly usesRepliesOf?: readonly number[];
  /** Where it was called; `null` where this was not asked for, or beyond the cap. */
  readonly callSite: CallSite | null;
}

/** Where a call was made: a stack that is kept as V8 took it, and formatted when it is first looked at. */
export interface CallSite {
  /**
   * The frames, one a line as V8 writes them (`    at load (file:///app/posts.js:12:31)`), async ones included, the caller first: all but
   * Tickpipe's own, those of Node and of packages among them. Source maps are followed where Node does so (`node --enable-source-maps`). Empty
   * where the application has replaced `Error.prepareStackTrace` by something that writes no text.
   */
  readonly stack: string;
}

/** What one scope has called. */
export interface ScopeRecord {
  /** The `name` of the scope's options; `undefined` without one. */
  readonly name: string | undefined;
  /** When the scope was opened, in milliseconds since 1970. */
  readonly openedAt: number;
  /** How long it was open, in milliseconds; of one that still is, so far. */
  readonly durationMs: number;
  /** Its calls, in the order in which they were made. Those that the scope refused, since it had ended, are not among them. */
  readonly calls: readonly RecordedCall[];
  /** How many more calls there were: beyond `maxCalls`, or with arguments that throw when they are looked at. */
  readonly droppedCalls: number;
  /** How many of the recorded calls have no call site, beyond `maxCallSites`. */
  readonly droppedCallSites: number;
  /** Its counts, of calls beyond `maxCalls` as well. */
  readonly stats: ScopeStats;
}
