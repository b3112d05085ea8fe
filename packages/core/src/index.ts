/**
 * The client, wrapped: every call of one event-loop tick leaves as one write.
 *
 * `tickpipe()` is where it begins. What else is here are the types of what it returns: the view (`Tickpiped`), what the view's property `tickpipe` holds
 * (`TickpipeControls`), scopes, loaders, records, and the messages of its diagnostics channels.
 *
 * @module core
 */
export type { IoredisClient } from "./client.ts";
export type {
  DuplicateOf,
  MultiOf,
  ObservedStats,
  RecordOptions,
  Scope,
  ScopeOptions,
  TickpipeControls,
  Tickpiped,
  TickpipedMembers,
  TickpipeStats,
  TransactionReplies,
} from "./controls.ts";
export { TickpipeError, type TickpipeErrorCode, TickpipeSplitError, TickpipeTypeError } from "./errors.ts";
export type { TransactionOptions } from "./lanes/transaction-arguments.ts";
export type { LoaderCodec } from "./loader/codec.ts";
export type { Loader, LoaderScope, LoaderView } from "./loader/loader.ts";
export type { LoaderCalls } from "./loader/loader-calls.ts";
export type { LoaderStats } from "./loader/loader-counters.ts";
export type { LoaderOptions } from "./loader/loader-options.ts";
export type { BatchStats } from "./observe/batch-counters.ts";
export type {
  BatchMessage,
  BatchTrigger,
  DedupeMessage,
  OverloadMessage,
  RequestMessage,
} from "./observe/channels.ts";
export type { CallSite, RecordedCall, ScopeRecord } from "./observe/records.ts";
export type { ScopeStats } from "./observe/round-trips.ts";
export { invalidOption, rejectUnknownOptions } from "./option-checks.ts";
export type { FlushSchedule, TickpipeOptions } from "./options.ts";
export { assertScopeOptions } from "./scope/scope-options.ts";
export { tickpipe } from "./tickpipe.ts";
