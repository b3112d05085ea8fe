import type { Caller } from "../call/caller.ts";
import type { QueuedCommand } from "../client.ts";
import type { Effect } from "./table.ts";
import type { WatchedCommand } from "./watched-command.ts";

/** A call on a view, as the scope sees it through which it was made. */
export interface GatedCall {
  /** The method's name. */
  readonly method: string;
  /** How many commands it sends. */
  readonly commands: number;
  readonly effect: Effect;
  readonly args: readonly unknown[];
  /** The commands of a pipeline, as ioredis has collected them. Default none. */
  readonly queue?: readonly QueuedCommand[];
  /** The caller's callback, if it gave one. */
  readonly callback: unknown;
  /** Whether a command of the call may wait on the server for somebody else's write. Default `false`. */
  readonly mayBlock?: boolean;
  /** Makes the call. `caller`: whoever waits for it, for stages that keep it; `null` if that never ends. */
  readonly send: (caller: Caller | null) => unknown;
  /** Makes it for a promise alone. */
  readonly sendWithoutCallback: (caller: Caller | null) => unknown;
  /** Takes a snapshot of what the call is about, for a stage that keeps it. @returns makes it later, for a promise alone */
  readonly keep: () => (caller: Caller | null) => unknown;
  /** As in `KeepableCall`. */
  readonly isUnwritable?: () => boolean;
  /** Whether it may change the state of the connection: it waits for no turn, but for all that was kept before it. */
  readonly changesState: () => boolean;
  /** The errors that a result holds which came without failing. Default none. */
  readonly errorsIn?: (reply: unknown) => readonly Error[];
}

/** How one method of the client is called with a promise: all that a gate needs to know of its calls if it only counts them. */
export interface PlainCalls {
  /** Makes a call. `caller` as in `GatedCall`. */
  send(args: unknown[], caller: Caller | null): unknown;
  /** Whether a call may wait on the server for somebody else's write. */
  readonly mayBlock: boolean;
  /** How many commands a call sends. */
  commandsIn(args: readonly unknown[]): number;
  /** The command behind what a call has just returned, where there is one that can be watched. */
  commandOf(made: unknown): WatchedCommand | null;
}

/** What the calls of a view pass through. */
export interface CallGate {
  run(call: GatedCall): unknown;
  /** For calls without a callback, where nobody asks what they are: makes one without describing it first. `null` where somebody does. */
  readonly runPlain: ((calls: PlainCalls, args: unknown[]) => unknown) | null;
  /** Whether it refuses calls: its scope was aborted or is late. */
  readonly refuses: boolean;
  /** Whether a memo answers reads here, which is to be told of all that may write. */
  readonly hasMemo: boolean;
  /** To be called when something was called, or has settled, of which nobody knows what it writes. */
  calledAnything(): void;
  /** What the view of this gate has as its `tickpipe`; made when it is first asked for. */
  controls?: object;
}
