import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";
import type { ClientInternals, IoredisClient } from "../client.ts";
import { TickpipeError } from "../errors.ts";
import { lastPending, whenSettled } from "../queues/queues.ts";
import { copyAddedCommands } from "./added-commands.ts";
import { type ConnectionState, databaseOf } from "./connection-state.ts";
import { type Lane, LanePool } from "./lane-pool.ts";
import { assertTransactionArguments, notItsMulti, retriesOf } from "./transaction-arguments.ts";
import { nested, TransactionClient } from "./transaction-client.ts";

/** The function of a transaction; it returns its `tx.multi()`, or `null` or `undefined`. */
type TransactionFunction = (tx: object) => unknown;

/** Before the nth try after the first: a random time of up to `min(CAP, BASE * 2 ** n)`, in milliseconds ("full jitter"). */
const BACKOFF_BASE_MS = 1;
const BACKOFF_CAP_MS = 128;

/**
 * A connection that is lost takes its WATCH with it. ioredis would connect again and send MULTI and EXEC once more,
 * unguarded: so a connection for transactions is never made anew, and whatever is pending on it fails.
 */
const NEVER_RECONNECTS = { retryStrategy: null, autoResendUnfulfilledCommands: false };

/** What a try came to: `replies`, or why there is to be another. */
type Outcome = { readonly replies: unknown } | { readonly lost: unknown } | "conflict";

/** Makes the call, unless too much is pending. */
export type Admit = (args: readonly unknown[], make: () => Promise<unknown>) => unknown;

/** A transaction whose function is running, for those that are begun within it. */
interface Running {
  readonly on: Transactions;
  readonly outer: Running | undefined;
  isOver: boolean;
}

const running = new AsyncLocalStorage<Running>();

/** Runs transactions, each try of one on a connection of its own: WATCH, read, MULTI, EXEC. */
export class Transactions {
  readonly #client: IoredisClient;
  readonly #internals: ClientInternals;
  readonly #state: ConnectionState;
  readonly #pool: LanePool;
  readonly #makeView: (client: IoredisClient) => object;
  readonly #views = new WeakMap<Lane, object>();
  #calls = 0;

  /** @param makeView makes the view of a dedicated connection */
  constructor(
    client: IoredisClient,
    internals: ClientInternals,
    state: ConnectionState,
    maxConnections: number,
    makeView: (client: IoredisClient) => object,
  ) {
    this.#client = client;
    this.#internals = internals;
    this.#state = state;
    this.#pool = new LanePool(client, maxConnections, NEVER_RECONNECTS);
    this.#makeView = makeView;
  }

  /** How many dedicated connections are open. */
  get connections(): number {
    return this.#pool.size;
  }

  /** How many transactions have not settled yet. */
  get calls(): number {
    return this.#calls;
  }

  /**
   * Runs a transaction.
   *
   * @returns the replies, as `exec()` of ioredis gives them, or `null` if the function returned nothing
   */
  async run(watchKeys: unknown, fn: unknown, options: unknown, admit: Admit): Promise<unknown> {
    assertTransactionArguments(watchKeys, fn);
    const retries = retriesOf(options);
    for (let outer = running.getStore(); outer; outer = outer.outer) {
      if (outer.on === this && !outer.isOver) throw nested();
    }
    // The caller's array is the caller's: it may change while the transaction waits.
    const keys = [...(watchKeys as unknown[])];
    return admit(keys, () => this.#counted(keys, fn as TransactionFunction, retries));
  }

  async #counted(keys: unknown[], fn: TransactionFunction, retries: number): Promise<unknown> {
    this.#calls += 1;
    try {
      return await this.#untilDone(keys, fn, retries);
    } finally {
      this.#calls -= 1;
    }
  }

  async #untilDone(keys: unknown[], fn: TransactionFunction, retries: number): Promise<unknown> {
    const database = databaseOf(this.#internals);
    const before = lastPending(this.#internals);
    if (before !== null) await new Promise<void>((resolve) => whenSettled(before, () => resolve()));
    const kind = { database, credentials: this.#state.credentials };
    for (let tries = 1; ; tries++) {
      await this.#untilReachable();
      const lane = this.#pool.take(kind) ?? (await this.#pool.wait(kind));
      // Without one the client has ended, and says so in its own words at the next turn.
      const outcome: Outcome = lane === null ? { lost: null } : await this.#try(lane, keys, fn);
      if (outcome !== "conflict" && "replies" in outcome) return outcome.replies;
      if (tries > retries && lane !== null) throw outcome === "conflict" ? conflict(tries) : outcome.lost;
      await delay(Math.random() * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** tries));
    }
  }

  /**
   * Waits, and fails, as a call on the client would whose connection is not there: with its offline queue, its
   * `maxRetriesPerRequest` and its errors. A dedicated connection tries only once.
   */
  async #untilReachable(): Promise<void> {
    if (this.#internals.status === "ready") return;
    try {
      await this.#internals.ping?.call(this.#client);
    } catch (error) {
      // A user who may not PING has reached the server all the same.
      if (!(error instanceof Error) || error.name !== "ReplyError") throw error;
    }
  }

  async #try(lane: Lane, keys: unknown[], fn: TransactionFunction): Promise<Outcome> {
    const client = new TransactionClient(this.#viewOf(lane));
    let returned: unknown;
    let failure: { readonly error: unknown } | null = null;
    try {
      // Waited for, since the function may read through another connection as well: what it reads is to be watched by then.
      await methodOf(lane, "watch").call(lane.client, keys);
      returned = await this.#call(fn, client);
      if (returned != null && !client.hasMade(returned)) throw notItsMulti(returned);
    } catch (error) {
      failure = { error };
    }
    client.end();
    // EXEC has not been sent: what a connection was asked that is lost by now has had no effect.
    if (lane.internals.status !== "ready") {
      this.#pool.release(lane, false);
      return { lost: failure?.error ?? new Error("Connection is closed.") };
    }
    if (failure !== null || !client.hasMade(returned)) {
      this.#unwatch(lane, client);
      if (failure !== null) throw failure.error;
      return { replies: null };
    }
    let isReusable = false;
    try {
      const replies = await client.exec(returned);
      isReusable = client.isAsItWas;
      return replies === null ? "conflict" : { replies };
    } finally {
      this.#pool.release(lane, isReusable);
    }
  }

  async #call(fn: TransactionFunction, { tx }: TransactionClient): Promise<unknown> {
    const run: Running = { on: this, outer: running.getStore(), isOver: false };
    try {
      return await running.run(run, fn, tx);
    } finally {
      run.isOver = true;
    }
  }

  /** Gives a connection back that still watches. Nobody waits for it but the next transaction. */
  #unwatch(lane: Lane, client: TransactionClient): void {
    methodOf(lane, "unwatch")
      .call(lane.client)
      .then(
        () => this.#pool.release(lane, client.isAsItWas),
        () => this.#pool.release(lane, false),
      );
  }

  #viewOf(lane: Lane): object {
    let view = this.#views.get(lane);
    if (!view) {
      view = this.#makeView(lane.client);
      this.#views.set(lane, view);
    }
    copyAddedCommands(this.#internals, lane.internals);
    return view;
  }
}

function methodOf(lane: Lane, name: "watch" | "unwatch"): (this: unknown, ...args: unknown[]) => Promise<unknown> {
  return lane.internals[name] as (this: unknown, ...args: unknown[]) => Promise<unknown>;
}

function conflict(tries: number): TickpipeError {
  return new TickpipeError(
    "ERR_TICKPIPE_CONFLICT",
    `Nothing was executed: in each of ${tries} ${tries === 1 ? "try" : "tries"} a watched key was changed by others before EXEC. Try again later, raise retries, or watch fewer keys.`,
  );
}
