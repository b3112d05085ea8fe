import type { IoredisClient } from "./client.ts";
import type { TransactionOptions } from "./lanes/transaction-arguments.ts";
import type { Loader } from "./loader/loader.ts";
import type { LoaderOptions } from "./loader/loader-options.ts";
import type { BatchStats } from "./observe/batch-counters.ts";
import type { ScopeRecord } from "./observe/records.ts";
import type { ScopeStats } from "./observe/round-trips.ts";

/**
 * A view: the client's own type, with one property more, and a `duplicate()` that returns a view.
 *
 * @typeParam C the client's type, as in `Redis`
 */
export type Tickpiped<C extends IoredisClient> = TickpipedMembers<C> & C;

/**
 * What a view has that its client has not, or has otherwise.
 *
 * @typeParam C the client's type, as in `Redis`
 */
export interface TickpipedMembers<C extends IoredisClient> {
  /** What Tickpipe adds to the client. */
  readonly tickpipe: TickpipeControls<C>;
  /**
   * Makes another client with the same options, as the client's own does, and wraps it in the same way.
   *
   * @param args the client's own: options that take the place of its own
   * @returns a view of the other client
   */
  duplicate(...args: Parameters<C["duplicate"]>): DuplicateOf<C>;
}

/**
 * What `duplicate()` of a view returns.
 *
 * @typeParam C the client's type, as in `Redis`
 */
export type DuplicateOf<C extends IoredisClient> =
  ReturnType<C["duplicate"]> extends infer Other ? (Other extends IoredisClient ? Tickpiped<Other> : unknown) : never;

/** What `view.tickpipe.stats()` returns. */
export interface TickpipeStats extends BatchStats {
  /** Whether plain calls take the lean path: not with `lean: false`, nor where the client's version lacks what it needs. */
  readonly lean: boolean;
  /** Reads that were not sent, since the same read of their tick had been; `commands` does not count them. */
  readonly deduplicated: number;
  /**
   * How many commands are pending now: waiting for a connection, in flight, or blocked; on a Cluster at all nodes together, and waiting to be sent
   * again. A `transaction()` counts as one while commands of its own are in flight.
   */
  readonly pending: number;
  /** How many calls wait now for room, with `whenFull: "wait"`. */
  readonly waiting: number;
  /** How many calls were rejected with `ERR_TICKPIPE_OVERLOADED`. */
  readonly overloads: number;
  /** How many commands were called behind a blocking one that had no reply yet on the same connection, and so had to wait for it. */
  readonly behindBlocking: number;
  /** How many connections of their own blocking calls have open now, idle ones included. */
  readonly blockingConnections: number;
  /** How many connections of their own transactions have open now, idle ones included. */
  readonly transactionConnections: number;
  /** How many transactions have a connection now: those whose function runs, and those that wait for a reply. */
  readonly transactionsRunning: number;
  /** How many transactions wait now: for a connection, for what was called before them, or for their next try. */
  readonly transactionsWaiting: number;
}

/**
 * What `multi()` of a client returns, to collect a transaction's commands in.
 *
 * @typeParam C the client's type, as in `Redis`
 */
export type MultiOf<C> = C extends { multi(commands?: unknown[][]): infer Multi } ? Multi : never;

/** What `exec()` gives for each command of a transaction, in order. */
export type TransactionReplies = [error: Error | null, result: unknown][];

/**
 * What `view.tickpipe` holds.
 *
 * @typeParam C the client's type, as in `Redis`
 */
export interface TickpipeControls<C extends IoredisClient> {
  /** The raw client. Calls on it keep their place among the view's: both write to the same connection at once. */
  readonly client: C;

  /**
   * Lets go now what this tick has called so far. Needed only before work that blocks the event loop, and before what ends the process or the
   * thread without its `exit` event, such as `process.abort()`. Before `process.exit()` it is done by itself.
   */
  flush(): void;

  /** What has been called and written since the client was wrapped, scopes included. */
  stats(): TickpipeStats;

  /**
   * Opens a scope: a view for one unit of work, such as a request. All scopes share the tick's one write.
   *
   * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION` for an unknown or a wrong option
   */
  scope(options?: ScopeOptions): Scope<C>;

  /**
   * Runs a transaction that goes through only if nobody has changed `watchKeys` since it read them: WATCH, what `fn` calls, MULTI, EXEC, on
   * a connection of its own. Where a watched key was changed, all of it is done again, `fn` included, after a random time.
   *
   * On a Cluster it runs on the node that has the watched keys, which must be in one hash slot; `tx` is then a client of that node alone, and for
   * keys of that slot. Where the slot has moved, all of it is done again at its new node.
   *
   * @param watchKeys the keys to watch, at least one
   * @param fn reads with `tx`, a client of the same type, and returns `tx.multi()` with the commands, without `exec()`; or `null`, if there
   *   is nothing to do. It may run several times, so that it must do nothing elsewhere. `tx` is refused once it has returned.
   * @returns what ioredis's `exec()` gives: `[error, result]` of each command; `null` if `fn` returned `null` or `undefined`
   * @throws {TickpipeError} `ERR_TICKPIPE_CONFLICT` if a watched key was changed in every try, `ERR_TICKPIPE_TRANSACTION_MISUSE`; on a Cluster
   *   `ERR_TICKPIPE_CROSS_SLOT` for keys of several slots, `ERR_TICKPIPE_SLOT_MOVING` if no try found the node that has them
   * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_ARGUMENT`, `ERR_TICKPIPE_INVALID_OPTION`, before anything is sent
   * @throws {Error} what `fn` throws, after UNWATCH; ioredis's own errors. If the connection is lost once EXEC has been sent, nobody knows
   *   whether it was executed: it is not tried again.
   */
  transaction(
    watchKeys: readonly (string | Buffer)[],
    fn: (tx: C) => MultiOf<C> | null | undefined | Promise<MultiOf<C> | null | undefined>,
    options?: TransactionOptions,
  ): Promise<TransactionReplies | null>;

  /**
   * The scope that this view's calls act in: its own until that is closed, or the one whose `run` this code runs in; `undefined` outside of all, and where calls are
   * only observed.
   */
  currentScope(): Scope<C> | undefined;

  /**
   * Has every scope recorded that is opened from now on, call by call, for whoever shows or tests what a request does. While nobody asks,
   * nothing is recorded.
   *
   * @param listener is told of each scope when it is closed. What it throws is an uncaught exception, and nothing to the request.
   * @returns ends it
   * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION`
   */
  record(listener: (record: ScopeRecord, scope: Scope<C>) => void, options?: RecordOptions<C>): () => void;

  /**
   * Makes a read-through cache: `load(id)` answers from Redis, else by the `load` of the options, whose answer it keeps in
   * Redis. To be made once, where the client is wrapped, and not for each request.
   *
   * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION`
   */
  loader<K, V>(options: LoaderOptions<K, V>): Loader<K, V>;
}

/**
 * Options of `view.tickpipe.record()`.
 *
 * @typeParam C the client's type, as in `Redis`
 */
export interface RecordOptions<C extends IoredisClient = IoredisClient> {
  /** Whether to take the stack of each call, which costs some microseconds. Default `false`. */
  callSites?: boolean;
  /** Whether to guess which calls need an earlier reply (`usesRepliesOf`), by looking at the first 4 KiB of arguments and replies. Default `false`. */
  replyUses?: boolean;
  /** How many calls of a scope are recorded. A whole number from 1 on. Default 1,000. */
  maxCalls?: number;
  /**
   * How many stacks are kept for a scope. Until one is looked at, it holds on to the functions on it and to what they were called on. A whole number
   * from 1 on. Default 200.
   */
  maxCallSites?: number;
  /**
   * Is asked when a scope is opened whether it is to be recorded, so that a busy server can have some of its requests recorded and not pay for the rest. What it
   * throws, `scope()` throws. Default: every scope is recorded.
   */
  when?: () => boolean;
  /** Is told of each scope that is recorded when it is opened. What it throws is an uncaught exception. Default: nobody is. */
  opened?: (scope: Scope<C>) => void;
}

/** Options of `view.tickpipe.scope()`. */
export interface ScopeOptions {
  /** What the scope is for, such as a route; for the reader of its counts. Default: no name. */
  name?: string;
  /**
   * Whether a read that was answered once in this scope gets the same answer later, without being sent: `true` for every read
   * that depends on the data alone, or a list of commands in lower case. A write through the scope to the same key, and anything whose
   * effect is not known, makes the next read go to Redis; writes of others do not. Errors are not kept. At most 1,000 replies and 1 MiB. Default
   * `false`: a memo would make a loop that waits for a change endless.
   */
  memo?: boolean | readonly string[];
  /**
   * When it is aborted, calls of the scope's own view reject with `ERR_TICKPIPE_ABORTED`: those that have not been sent never are, and those that have been are no
   * longer waited for, though Redis runs them. A call that blocks on the client's own connection is waited for still. Default: none.
   */
  signal?: AbortSignal;
  /**
   * Whether `abort()` ends the waiting for calls that have been sent, as `signal` does. For who would make an AbortController for each scope, which on Node
   * 20 costs more than twenty calls. Default `false`.
   */
  abortable?: boolean;
  /** After so many milliseconds calls reject with `ERR_TICKPIPE_DEADLINE`, as they do with `signal`. Default: never. */
  deadlineMs?: number;
  /**
   * How many commands of this scope may be called in one turn of the event loop; more wait, in order, for the next turns, so that the calls of
   * other scopes go in between. A whole number from 1 on. Default: no limit.
   */
  maxPerTick?: number;
  /** How many commands the scope may call. A whole number from 1 on. Default: no limit. */
  maxCommands?: number;
  /** How many round trips the scope may wait for, as `stats()` counts them. A whole number from 1 on. Default: no limit. */
  maxRoundTrips?: number;
  /**
   * What happens to a call beyond `maxCommands` or `maxRoundTrips`: `"warn"` makes it, and emits a process warning once for the scope; `"reject"` rejects
   * it with `ERR_TICKPIPE_OVER_BUDGET`, unsent. Default `"warn"`.
   */
  whenOverBudget?: "warn" | "reject";
}

/**
 * One unit of work, such as a request.
 *
 * @typeParam C the client's type, as in `Redis`
 */
export interface Scope<C extends IoredisClient> {
  /** The `name` of its options; `undefined` without one. */
  readonly name: string | undefined;
  /** A view of the same type, whose calls belong to this scope. Once the scope was closed in good order it is a plain view: its calls go through, uncounted. */
  readonly redis: Tickpiped<C>;
  /** The same, except that a memo does not answer its reads: each goes to Redis, and renews the memo. */
  readonly fresh: Tickpiped<C>;
  /** What has been called through the scope so far: by its own view, and by others within `run`. */
  stats(): ScopeStats;
  /** What views of no scope have called within `observe`, apart from `stats()`, and all together. */
  observed(): ObservedStats;
  /**
   * All that was called so far, call by call; `undefined` unless somebody asked for records, with `view.tickpipe.record()`, when the scope was opened, and once it is
   * closed.
   */
  record(): ScopeRecord | undefined;
  /**
   * Runs a function so that the views of no scope, as `tickpipe()` returned them, act in this one: in the function and in all that it starts,
   * through Node's AsyncLocalStorage. The memo, `maxPerTick` and the counts hold for their calls as well; no abort, deadline or budget refuses one. What goes on after
   * the scope has ended acts in none.
   *
   * @param fn is called at once, without arguments
   * @returns what the function returns
   */
  run<T>(fn: () => T): T;
  /**
   * Runs a function so that what views of no scope call in it, and in all that it starts, is counted and recorded here; nothing else happens to those calls. Node's
   * AsyncLocalStorage, which costs each request some of its time, is entered only while somebody asks: a listener of `view.tickpipe.record()` or of the channel
   * `tickpipe:request` that was there when the scope was opened.
   *
   * @param fn is called at once, without arguments
   * @param isAsked whether the caller asks, for `observed()`. Default `false`
   * @returns what the function returns
   */
  observe<T>(fn: () => T, isAsked?: boolean): T;
  /**
   * Aborts the scope, as its `signal` would: calls of its own view reject with `ERR_TICKPIPE_ABORTED`, and those that wait for their turn are never sent. If the scope is
   * `abortable` or has a `signal` or a `deadlineMs`, no call that has not been sent ever is, and those that have been are no longer waited for; else they finish.
   *
   * @param reason the `cause` of the errors
   */
  abort(reason?: unknown): void;
  /**
   * Ends the scope, unless it was aborted or late before. All its calls finish, those that wait for their turn as well; its view is a plain view from then on.
   */
  close(): void;
}

/** What was called in a scope's async context, while somebody asked for it. */
export interface ObservedStats {
  /** Calls of views of no scope. */
  readonly others: ScopeStats;
  /** Those, and the scope's own. */
  readonly all: ScopeStats;
}
