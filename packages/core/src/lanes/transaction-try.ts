import { blocks } from "../commands/blocking.ts";
import { firstPending } from "../queues/queues.ts";
import type { Lane, LanePool } from "./lane-pool.ts";
import { notItsMulti } from "./transaction-arguments.ts";
import { type Multi, TransactionClient } from "./transaction-client.ts";
import { conflict, connectionClosed, slotMoving, tookTooLong } from "./transaction-errors.ts";
import type { TransactionRun } from "./transaction-run.ts";

/** What a try came to: `replies`, or why there is to be another. `isTurnedAway`: the node did not have the keys. */
export type Outcome = Done | { readonly lost: unknown; readonly isTurnedAway?: boolean } | "conflict";

interface Done {
  readonly replies: unknown;
}

export function isDone(outcome: Outcome): outcome is Done {
  return outcome !== "conflict" && "replies" in outcome;
}

/** The error of a transaction that is not tried again. */
export function failureOf(outcome: Exclude<Outcome, Done>, tries: number): unknown {
  if (outcome === "conflict") return conflict(tries);
  return outcome.isTurnedAway ? slotMoving(tries, outcome.lost) : outcome.lost;
}

/** One try of a transaction, on a connection that it gives back to the pool. */
export class TransactionTry {
  readonly #run: TransactionRun;
  readonly #lane: Lane;
  readonly #pool: LanePool;
  readonly #client: TransactionClient;
  readonly #within: (call: () => unknown) => Promise<unknown>;
  /** Whether the function may go on, though nobody waits for it. */
  #isCutShort = false;

  /**
   * @param view the view of the connection
   * @param within calls the function
   */
  constructor(
    run: TransactionRun,
    lane: Lane,
    view: object,
    pool: LanePool,
    within: (call: () => unknown) => Promise<unknown>,
  ) {
    this.#run = run;
    this.#lane = lane;
    this.#pool = pool;
    this.#client = new TransactionClient(view);
    this.#within = within;
  }

  /** @throws what the function has thrown, what EXEC has failed with, or the error that the transaction was stopped with */
  async outcome(): Promise<Outcome> {
    let multi: Multi | null = null;
    let failure: { readonly error: unknown } | null = null;
    try {
      multi = await this.#read();
      this.#run.assertGoesOn();
    } catch (error) {
      failure = { error };
    }
    this.#client.end();
    this.#isCutShort ||= this.#run.isStopped;
    // EXEC has not been sent: what a connection was asked that is lost by now has had no effect.
    const isLost = this.#lane.internals.status !== "ready";
    if (failure === null && multi !== null && !isLost) return this.#execute(multi);
    if (isLost) this.#pool.release(this.#lane, false);
    else this.#unwatch();
    if (this.#isCutShort) throw failure?.error;
    if (isLost) return { lost: failure?.error ?? connectionClosed() };
    if (failure === null) return { replies: null };
    if (this.#run.work.to.isTurnedAway(failure.error)) return { lost: failure.error, isTurnedAway: true };
    throw failure.error;
  }

  /** Watches the keys and calls the function. */
  async #read(): Promise<Multi | null> {
    const run = this.#run;
    const { keys, fn } = run.work;
    // Waited for, since the function may read through another connection as well: what it reads is to be watched by then.
    await run.until(methodOf(this.#lane, "watch").call(this.#lane.client, [...keys]));
    run.assertGoesOn();
    const returned = await run.until(this.#inTime(this.#within(() => fn(this.#client.tx))));
    if (returned === null || returned === undefined) return null;
    if (!this.#client.hasMade(returned)) throw notItsMulti(returned);
    return returned;
  }

  /** Waits for what the function returns; beyond its time nobody does. @throws {TickpipeError} `ERR_TICKPIPE_TRANSACTION_TIMEOUT` */
  #inTime(called: Promise<unknown>): Promise<unknown> {
    const { timeoutMs } = this.#run.work;
    if (timeoutMs === undefined) return called;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#isCutShort = true;
        reject(tookTooLong(timeoutMs));
      }, timeoutMs);
      called.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  async #execute(multi: Multi): Promise<Outcome> {
    let isReusable = false;
    try {
      const executed = this.#client.exec(multi);
      // From here on nobody can stop it.
      this.#run.executing = executed.catch(() => {});
      const replies = await executed;
      isReusable = this.#client.isAsItWas;
      return replies === null ? "conflict" : { replies };
    } catch (error) {
      // Redis discards a transaction that it does not have the keys of.
      if (this.#run.work.to.isTurnedAway(error)) return { lost: error, isTurnedAway: true };
      throw error;
    } finally {
      this.#run.executing = null;
      // What one connection takes the server to know, the others are likely to as well.
      if (this.#client.hasUnknownScript) this.#pool.dropIdle(this.#lane.kind);
      this.#pool.release(this.#lane, isReusable);
    }
  }

  /** Gives a connection back that still watches. Nobody waits for it but the next transaction. */
  #unwatch(): void {
    const [lane, pool, client] = [this.#lane, this.#pool, this.#client];
    // What the function has called and does not wait for may take for ever.
    const first = firstPending(lane.internals);
    if (first !== null && (this.#isCutShort || blocks(first.name.toLowerCase(), first.args))) {
      pool.release(lane, false);
      return;
    }
    methodOf(lane, "unwatch")
      .call(lane.client)
      .then(
        () => pool.release(lane, client.isAsItWas),
        () => pool.release(lane, false),
      );
  }
}

function methodOf(lane: Lane, name: "watch" | "unwatch"): (this: unknown, ...args: unknown[]) => Promise<unknown> {
  return lane.internals[name] as (this: unknown, ...args: unknown[]) => Promise<unknown>;
}
