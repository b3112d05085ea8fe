import { AsyncLocalStorage } from "node:async_hooks";
import type { Caller } from "../call/caller.ts";
import type { ClientInternals, IoredisClient } from "../client.ts";
import { TickpipeError } from "../errors.ts";
import { delay } from "../timers.ts";
import { copyAddedCommands } from "./added-commands.ts";
import type { Lane } from "./lane-pool.ts";
import type { LaneRoute, LaneRoutes } from "./lane-route.ts";
import { untilReachable } from "./reachable.ts";
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
export const NEVER_RECONNECTS = { retryStrategy: null, autoResendUnfulfilledCommands: false };

/** What a try came to: `replies`, or why there is to be another. `isTurnedAway`: the node did not have the keys. */
type Outcome = { readonly replies: unknown } | { readonly lost: unknown; readonly isTurnedAway?: boolean } | "conflict";

/** Makes the call, unless too much is pending. */
export type Admit = (args: readonly unknown[], caller: Caller | null, make: () => Promise<unknown>) => unknown;

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
  readonly #routes: LaneRoutes;
  readonly #makeView: (client: IoredisClient) => object;
  readonly #views = new WeakMap<Lane, object>();
  #calls = 0;

  /** @param makeView makes the view of a dedicated connection */
  constructor(
    client: IoredisClient,
    internals: ClientInternals,
    routes: LaneRoutes,
    makeView: (client: IoredisClient) => object,
  ) {
    this.#client = client;
    this.#internals = internals;
    this.#routes = routes;
    this.#makeView = makeView;
  }

  /** How many dedicated connections are open. */
  get connections(): number {
    return this.#routes.pool.size;
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
  async run(watchKeys: unknown, fn: unknown, options: unknown, admit: Admit, caller: Caller | null): Promise<unknown> {
    assertTransactionArguments(watchKeys, fn);
    const retries = retriesOf(options);
    for (let outer = running.getStore(); outer; outer = outer.outer) {
      if (outer.on === this && !outer.isOver) throw nested();
    }
    // The caller's array is the caller's: it may change while the transaction waits.
    const keys = [...(watchKeys as (string | Uint8Array)[])];
    const to = this.#routes.ofKeys(keys);
    return admit(keys, caller, () => this.#counted(to, keys, fn as TransactionFunction, retries));
  }

  async #counted(to: LaneRoute, keys: unknown[], fn: TransactionFunction, retries: number): Promise<unknown> {
    this.#calls += 1;
    try {
      return await this.#untilDone(to, keys, fn, retries);
    } finally {
      this.#calls -= 1;
    }
  }

  async #untilDone(to: LaneRoute, keys: unknown[], fn: TransactionFunction, retries: number): Promise<unknown> {
    await to.untilClear();
    for (let tries = 1; ; tries++) {
      await untilReachable(this.#client, this.#internals);
      const lane = await to.take();
      // Without one the client has ended, and says so in its own words at the next turn.
      const outcome: Outcome = lane === null ? { lost: null } : await this.#try(to, lane, keys, fn);
      if (outcome !== "conflict" && "replies" in outcome) return outcome.replies;
      if (tries > retries && lane !== null) throw failureOf(outcome, tries);
      if (outcome !== "conflict") await to.findAgain();
      await delay(Math.random() * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** tries));
    }
  }

  async #try(to: LaneRoute, lane: Lane, keys: unknown[], fn: TransactionFunction): Promise<Outcome> {
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
      this.#routes.pool.release(lane, false);
      return { lost: failure?.error ?? new Error("Connection is closed.") };
    }
    if (failure !== null || !client.hasMade(returned)) {
      this.#unwatch(lane, client);
      if (failure !== null && to.isTurnedAway(failure.error)) return { lost: failure.error, isTurnedAway: true };
      if (failure !== null) throw failure.error;
      return { replies: null };
    }
    let isReusable = false;
    try {
      const replies = await client.exec(returned);
      isReusable = client.isAsItWas;
      return replies === null ? "conflict" : { replies };
    } catch (error) {
      // Redis discards a transaction that it does not have the keys of.
      if (to.isTurnedAway(error)) return { lost: error, isTurnedAway: true };
      throw error;
    } finally {
      this.#routes.pool.release(lane, isReusable);
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
        () => this.#routes.pool.release(lane, client.isAsItWas),
        () => this.#routes.pool.release(lane, false),
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

function failureOf(outcome: Exclude<Outcome, { readonly replies: unknown }>, tries: number): unknown {
  if (outcome === "conflict") return conflict(tries);
  if (!outcome.isTurnedAway) return outcome.lost;
  return new TickpipeError(
    "ERR_TICKPIPE_SLOT_MOVING",
    `Nothing was executed: in each of ${tries} ${tries === 1 ? "try" : "tries"} the node that should have the watched keys did not, as while their slot moves from one to another. Try again later, or raise retries.`,
    { cause: outcome.lost },
  );
}

function conflict(tries: number): TickpipeError {
  return new TickpipeError(
    "ERR_TICKPIPE_CONFLICT",
    `Nothing was executed: in each of ${tries} ${tries === 1 ? "try" : "tries"} a watched key was changed by others before EXEC. Try again later, raise retries, or watch fewer keys.`,
  );
}
