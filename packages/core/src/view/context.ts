import type { KeepArguments } from "../call/kept-arguments.ts";
import type { KeptFor } from "../call/kept-call.ts";
import type { ClientInternals, CommandQueue, IoredisClient } from "../client.ts";
import type { Splitter } from "../cluster/split-call.ts";
import type { CallGate } from "../commands/gated-call.ts";
import type { BlockingLane } from "../lanes/blocking-lane.ts";
import type { ConnectionState } from "../lanes/connection-state.ts";
import type { InlineBlocking } from "../lanes/inline-blocking.ts";
import type { LeanSender } from "../lean/lean-sender.ts";
import type { PendingLimit } from "../limits/pending-limit.ts";
import type { Watchers } from "../observe/watchers.ts";
import type { OfflineCalls } from "../queues/offline-calls.ts";
import type { Pending } from "../queues/pending.ts";
import type { TickReads } from "../reads/tick-reads.ts";
import type { Cork } from "../tick/cork.ts";
import type { CallerStacks } from "./caller-stacks.ts";
import type { Unfinished } from "./quit-send.ts";

/** What all views of one client share. */
export interface ViewContext {
  readonly client: IoredisClient;
  readonly internals: ClientInternals;
  readonly cork: Cork;
  readonly pending: Pending;
  /** What waits for a connection: for the client's, or for each of a cluster's. */
  readonly offlineQueues: () => Iterable<CommandQueue | undefined>;
  /** Whose calls wait there. */
  readonly offlineCalls: OfflineCalls;
  /** `null` where every call takes ioredis's own path. */
  readonly lean: LeanSender | null;
  /** `null` where every read is sent. */
  readonly reads: TickReads | null;
  /** The splitter of a command, in lower case; `null` for one that is never split. */
  readonly splitterOf: (command: string) => Splitter | null;
  /** Finds the scope of the running code, for a view of no scope. */
  readonly ambient: { current(): CallGate | null };
  readonly connection: ConnectionState;
  /** `null` where blocking calls stay on the client's own connection. */
  readonly lane: BlockingLane | null;
  /** The blocking calls that stay there. */
  readonly inlineBlocking: InlineBlocking;
  /** `null` where nothing is capped. */
  readonly limit: PendingLimit | null;
  /** Where calls are that stages keep, and how a snapshot is taken of one. */
  readonly kept: KeptFor;
  readonly keepArguments: KeepArguments;
  /** Whose line an error leads to, where the client shows that. */
  readonly callerStacks: CallerStacks;
  /** Who is told of commands, shared reads and the rest. */
  readonly watchers: Watchers;
  /** What a view has as its `tickpipe`, by the gate of its calls. */
  readonly controlsOf: (gate: CallGate | null) => object;
  /** To be called when QUIT is sent: what its caller waits for as well, or `null`. */
  readonly quitting: () => Unfinished | null;
  /** Makes a client like this one, wrapped in the same way. */
  readonly duplicate: (args: readonly unknown[]) => object;
}

/** Where a view keeps what its calls pass through, its scope; inherited as `null` by a view of no scope. */
export const GATE: unique symbol = Symbol("tickpipe.gate");

/** A view as its own methods see it. */
export interface View {
  readonly [GATE]: CallGate | null;
}

/** A method of a client or of a view, by its look at run time. */
export type Method<This = unknown> = (this: This, ...args: unknown[]) => unknown;
