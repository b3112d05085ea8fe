import type { IoredisClient } from "./client.ts";
import type { BatchStats } from "./observe/batch-counters.ts";
import type { ScopeStats } from "./observe/round-trips.ts";

/** A view: the client's own type, with one property more. */
export type Tickpiped<C extends IoredisClient> = C & {
  /** What Tickpipe adds to the client. */
  readonly tickpipe: TickpipeControls<C>;
};

/** What `view.tickpipe.stats()` returns. */
export interface TickpipeStats extends BatchStats {
  /** Whether plain calls take the lean path: not with `lean: false`, nor where the client's version lacks what it needs. */
  readonly lean: boolean;
}

/** What `view.tickpipe` holds. */
export interface TickpipeControls<C extends IoredisClient> {
  /** The raw client. Calls on it keep their place among the view's: both write to the same connection at once. */
  readonly client: C;

  /**
   * Lets go now what this tick has called so far. Needed only where the process would not reach the end of the tick:
   * before `process.exit()`, or before work that blocks the event loop.
   */
  flush(): void;

  /** What has been called and written since the client was wrapped, scopes included. */
  stats(): TickpipeStats;

  /**
   * Opens a scope: a view that counts what is called through it. All scopes share the tick's one write.
   *
   * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION`
   */
  scope(options?: ScopeOptions): Scope<C>;

  /** The scope that this view belongs to; `undefined` for a view that belongs to none. */
  currentScope(): Scope<C> | undefined;
}

/** Options of `view.tickpipe.scope()`. */
export interface ScopeOptions {
  /** What the scope is for, such as a route; for the reader of its counts. Default: no name. */
  name?: string;
}

/** One unit of work, such as a request, whose calls are counted together. */
export interface Scope<C extends IoredisClient> {
  readonly name: string | undefined;

  /** A view of the same type, whose calls belong to this scope. */
  readonly redis: Tickpiped<C>;

  /** What has been called through the scope so far. */
  stats(): ScopeStats;

  /** Ends the counting. Calls made earlier are still followed to their reply; later ones work, uncounted. */
  close(): void;
}
