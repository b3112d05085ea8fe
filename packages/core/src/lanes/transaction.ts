import type { Caller } from "../call/caller.ts";
import type { ClientInternals, IoredisClient } from "../client.ts";
import { blocks } from "../commands/blocking.ts";
import type { Pending } from "../queues/pending.ts";
import { firstPending, pendingBytes } from "../queues/queues.ts";
import { atEndOfIteration, delay } from "../timers.ts";
import { copyAddedCommands } from "./added-commands.ts";
import type { Lane } from "./lane-pool.ts";
import type { LaneRoutes } from "./lane-route.ts";
import { untilReachable } from "./reachable.ts";
import { assertTransactionArguments, settingsOf } from "./transaction-arguments.ts";
import { connectionClosed, nested } from "./transaction-errors.ts";
import { isWithin, within } from "./transaction-nesting.ts";
import { type TransactionFunction, TransactionRun, type TransactionWork } from "./transaction-run.ts";
import { failureOf, isDone, type Outcome, TransactionTry } from "./transaction-try.ts";

/** Before the nth try after the first: a random time of up to `min(CAP, BASE * 2 ** n)`, in milliseconds ("full jitter"). */
const BACKOFF_BASE_MS = 1;
const BACKOFF_CAP_MS = 128;

/**
 * A connection that is lost takes its WATCH with it. ioredis would connect again and send MULTI and EXEC once more,
 * unguarded: so a connection for transactions is never made anew, and whatever is pending on it fails.
 */
export const NEVER_RECONNECTS = { retryStrategy: null, autoResendUnfulfilledCommands: false };

/** Makes the call, unless too much is pending. */
export type Admit = (args: readonly unknown[], caller: Caller | null, make: () => Promise<unknown>) => unknown;

/** Runs transactions, each try of one on a connection of its own: WATCH, read, MULTI, EXEC. */
export class Transactions {
  readonly #client: IoredisClient;
  readonly #internals: ClientInternals;
  readonly #routes: LaneRoutes;
  readonly #makeView: (client: IoredisClient) => object;
  readonly #views = new WeakMap<Lane, object>();
  readonly #runs = new Set<TransactionRun>();
  /** Those of them that have a connection; few, and asked of at each call that is capped. */
  readonly #running = new Set<Lane>();

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
    routes.pool.onClose(() => this.#stopAll());
  }

  /** How many dedicated connections are open. */
  get connections(): number {
    return this.#routes.pool.size;
  }

  /** How many transactions have not settled yet. */
  get calls(): number {
    return this.#runs.size;
  }

  /** How many of them have a connection. */
  get running(): number {
    return this.#running.size;
  }

  /** How many have none: they wait for one, for what was called before them, or for their next try. */
  get waiting(): number {
    return this.calls - this.running;
  }

  /**
   * What transactions have pending: one for each whose own commands are in flight, and none while its function does something else. Else the function's
   * calls on the shared client might wait for the very room that it holds.
   */
  readonly pending: Pending = {
    commands: () => this.#inFlight().length,
    bytes: () => this.#inFlight().reduce((bytes, { internals }) => bytes + pendingBytes(internals), 0),
    clients: () => this.#inFlight().map(({ internals }) => internals),
    firsts: () => this.#inFlight().flatMap(({ internals }) => firstPending(internals) ?? []),
    mayHide: false,
  };

  /**
   * Prepares a transaction: what it was given, and the connection that it is to have, are those of now.
   *
   * @returns runs it. The outcome is the replies, as `exec()` of ioredis gives them, or `null` if the function returned nothing
   * @throws {TickpipeTypeError} for wrong arguments or options
   */
  prepare(watchKeys: unknown, fn: unknown, options: unknown): (admit: Admit, caller: Caller | null) => unknown {
    assertTransactionArguments(watchKeys, fn);
    const settings = settingsOf(options);
    if (isWithin(this)) throw nested();
    // The caller's bytes are the caller's: they may change while the transaction waits.
    const keys = (watchKeys as (string | Uint8Array)[]).map((key) =>
      typeof key === "string" ? key : Buffer.from(key),
    );
    const work = { ...settings, to: this.#routes.ofKeys(keys), keys, fn: fn as TransactionFunction };
    return (admit, caller) => admit(keys, caller, () => this.#run(work, caller));
  }

  /**
   * To be called when the client is told to quit. Transactions that have not called EXEC have "Connection is closed." now.
   *
   * @returns the others, whose connections outlive the client's; `null` if there are none
   */
  quit(): { readonly finished: Promise<unknown>; drop(): void } | null {
    this.#stopAll();
    const { pool } = this.#routes;
    const executing = [...this.#runs].flatMap(({ executing, lane }) =>
      executing && lane ? [{ executing, lane }] : [],
    );
    if (executing.length === 0) return null;
    for (const { lane } of executing) pool.spare(lane);
    // Those who called them hear of it first, though through more promises.
    const afterAll = (): Promise<void> => new Promise(atEndOfIteration);
    return {
      finished: Promise.all(executing.map(({ executing }) => executing)).then(afterAll),
      drop: () => {
        for (const { lane } of executing) pool.dropSpared(lane);
      },
    };
  }

  #run(work: TransactionWork, caller: Caller | null): Promise<unknown> {
    const run = new TransactionRun(work, caller);
    return run.outcomeOf(async () => {
      this.#runs.add(run);
      try {
        return await this.#untilDone(run);
      } finally {
        this.#runs.delete(run);
      }
    });
  }

  async #untilDone(run: TransactionRun): Promise<unknown> {
    const { to, retries } = run.work;
    await run.until(to.untilClear());
    for (let tries = 1; ; tries++) {
      await run.until(untilReachable(this.#client, this.#internals));
      const lane = await this.#take(run);
      // Without one the client has ended, and says so in its own words at the next turn.
      const outcome: Outcome = lane === null ? { lost: null } : await this.#try(run, lane);
      if (isDone(outcome)) return outcome.replies;
      if (tries > retries && lane !== null) throw failureOf(outcome, tries);
      if (outcome !== "conflict") await run.until(to.findAgain());
      await run.until(delay(Math.random() * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** tries)));
    }
  }

  /** Takes a connection; one that comes when the transaction was stopped goes to the next. */
  async #take(run: TransactionRun): Promise<Lane | null> {
    const taken = run.work.to.take();
    try {
      return await run.until(taken);
    } catch (error) {
      taken.then((lane) => lane && this.#routes.pool.release(lane)).catch(() => {});
      throw error;
    }
  }

  async #try(run: TransactionRun, lane: Lane): Promise<Outcome> {
    run.lane = lane;
    this.#running.add(lane);
    try {
      return await new TransactionTry(run, lane, this.#viewOf(lane), this.#routes.pool, (call) =>
        within(this, call),
      ).outcome();
    } finally {
      run.lane = null;
      this.#running.delete(lane);
    }
  }

  #stopAll(): void {
    for (const run of this.#runs) if (run.executing === null) run.stop(connectionClosed());
  }

  /** The connections on which a transaction waits for a reply; not for another client's write, which may itself wait for room. */
  #inFlight(): Lane[] {
    return [...this.#running].filter(({ internals }) => {
      const first = firstPending(internals);
      return first !== null && !blocks(first.name.toLowerCase(), first.args);
    });
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
