import { type Channel, channel } from "node:diagnostics_channel";
import type { ScopeStats } from "./round-trips.ts";

/** Why a batch left: its tick ended, `maxBatchBytes` was reached, `flush()` was called, or the client has another connection now. */
export type BatchTrigger = "tick" | "bytes" | "flush" | "reconnect";

/** The message of `tickpipe:batch`: commands have left as one write. */
export interface BatchMessage {
  /** How many commands were called through views. */
  readonly commands: number;
  /** What they have on the wire, as Node counts what a socket buffers: in a string, one per UTF-16 unit. */
  readonly bytes: number;
  /** Which connection: the client's own, or one that transactions have. */
  readonly connection: "client" | "transaction";
  /** Why they left when they did. */
  readonly trigger: BatchTrigger;
}

/** The message of `tickpipe:request`: a scope was closed that had been opened while somebody listened. */
export interface RequestMessage extends ScopeStats {
  /** The `name` of the scope's options; `undefined` without one. */
  readonly name: string | undefined;
  /** How long the scope was open, in milliseconds. */
  readonly durationMs: number;
}

/** The message of `tickpipe:dedupe`: reads of a batch got the reply to another one. */
export interface DedupeMessage {
  /** In lower case. */
  readonly command: string;
  /** How many were not sent. */
  readonly count: number;
}

/** The message of `tickpipe:overload`: a call was rejected with `ERR_TICKPIPE_OVERLOADED`. */
export interface OverloadMessage {
  /** Whether there was no room for the call, or the call is larger than the cap by itself. */
  readonly reason: "full" | "too large";
  /** Which cap the call met. */
  readonly option: "maxPending" | "maxPendingBytes";
  /** How many commands were pending. */
  readonly pending: number;
}

/*
 * Channels of node:diagnostics_channel, so that an agent can listen without importing this package. Messages hold neither keys nor arguments, nor
 * where the server is.
 */
export const batchChannel: Channel = channel("tickpipe:batch");
export const requestChannel: Channel = channel("tickpipe:request");
export const dedupeChannel: Channel = channel("tickpipe:dedupe");
export const overloadChannel: Channel = channel("tickpipe:overload");
