import { Caller } from "../call/caller.ts";
import { isEncodable } from "../call/encodable.ts";
import { argumentsKeeperFor, type KeepArguments } from "../call/kept-arguments.ts";
import { callbackOf, tellCallback, withoutCallback } from "../callback.ts";
import type { ClientInternals, IoredisClient } from "../client.ts";
import { blocks, mayBlock } from "../commands/blocking.ts";
import { commandOfMethod, isGenericMethod } from "../commands/method-names.ts";
import type { Watchers } from "../observe/watchers.ts";
import { startCommandTimeout } from "../queues/command-timeout.ts";
import { pendingOn } from "../queues/pending.ts";
import { blockingDeadlineOf } from "./blocking-deadline.ts";
import type { ConnectionState } from "./connection-state.ts";
import type { Lane } from "./lane-pool.ts";
import type { LaneRoute, LaneRoutes } from "./lane-route.ts";
import { lastIdIn, openEndsOf } from "./last-entries.ts";

/** Makes a call elsewhere than on the client, or says that it does not: then nothing has been done. */
export type Route = (args: unknown[], caller: Caller | null) => unknown;

/** What a `Route` returns for a call that is the client's own to make. */
export const NOT_ROUTED: unique symbol = Symbol("tickpipe.notRouted");

type Method = (...args: unknown[]) => unknown;

/** How the connections of blocking calls differ from the client: time limits are the call's, and count from the call. */
export const ENDED_BY_THE_CALL = { commandTimeout: undefined, blockingTimeout: undefined } as const;

interface BlockingCall {
  readonly method: string;
  /** In lower case. */
  readonly command: string;
  readonly args: unknown[];
  /** Those of the command, flattened. */
  readonly own: readonly unknown[];
}

/**
 * Gives calls that may wait on the server connections of their own, so that they hold up nothing that is called after them.
 *
 * What was called before such a call is answered before it is sent, as on one connection.
 */
export class BlockingLane {
  readonly #client: IoredisClient;
  readonly #internals: ClientInternals;
  readonly #state: ConnectionState;
  readonly #routes: LaneRoutes;
  readonly #watchers: Watchers;
  readonly #keep: KeepArguments;
  readonly #callOwn: <T>(call: () => T) => T;
  #calls = 0;

  /** @param callOwn makes a call on the client's own connection, in the tick's write */
  constructor(
    client: IoredisClient,
    internals: ClientInternals,
    state: ConnectionState,
    routes: LaneRoutes,
    watchers: Watchers,
    callOwn: <T>(call: () => T) => T,
  ) {
    this.#client = client;
    this.#internals = internals;
    this.#state = state;
    this.#routes = routes;
    this.#watchers = watchers;
    this.#callOwn = callOwn;
    this.#keep = argumentsKeeperFor(internals);
  }

  /** How many dedicated connections are open. */
  get connections(): number {
    return this.#routes.pool.size;
  }

  /** How many calls have not settled yet. */
  get calls(): number {
    return this.#calls;
  }

  /**
   * The route for one method of the client; `null` for a method whose calls never block.
   *
   * @param original the client's own method, in whose place a double may stand
   */
  routeFor(method: string, original: unknown): Route | null {
    const generic = isGenericMethod(method);
    if (!generic && !mayBlock(commandOfMethod(method))) return null;
    return (args, caller) => {
      const flat = withoutCallback(args).flat(Number.POSITIVE_INFINITY);
      const command = generic ? genericCommand(flat[0]) : commandOfMethod(method);
      const own = generic ? flat.slice(1) : flat;
      if (!blocks(command, own)) return NOT_ROUTED;
      // Where an agent or a subclass has put a method of its own, it is not to be gone around. What ioredis throws for is left to the client.
      if (this.#internals[method] !== original || !flat.every(isEncodable) || !this.#mayLeave()) return NOT_ROUTED;
      const to = this.#routes.ofCall(command, own);
      return to === null ? NOT_ROUTED : this.#call({ method, command, args, own }, to, caller);
    };
  }

  /** Whether a call may be made on another connection, for the same outcome. */
  #mayLeave(): boolean {
    const { status, condition, options } = this.#internals;
    // Redis collects the call and does not wait; in the other two cases ioredis rejects it at once.
    if (this.#state.inTransaction || status === "end" || status === "monitoring") return false;
    if (condition?.subscriber) return false;
    return status === "ready" || options?.enableOfflineQueue !== false;
  }

  #call(call: BlockingCall, to: LaneRoute, caller: Caller | null): Promise<unknown> {
    const callback = callbackOf(call.args);
    const args = this.#keep(call.method, withoutCallback(call.args));
    const deadlineMs = blockingDeadlineOf(this.#internals, call.command, call.own);
    return tellCallback(this.#counted({ ...call, args }, to, caller, deadlineMs), callback);
  }

  /** Settles with the call's outcome, or as soon as nobody waits for that any more: then it is never sent, or its connection is closed. */
  #counted(call: BlockingCall, to: LaneRoute, caller: Caller | null, deadlineMs: number | null): Promise<unknown> {
    this.#calls += 1;
    const waiting = new Caller();
    return new Promise((resolve, reject) => {
      const stopListening = caller?.onGone((error) => waiting.leave(() => error));
      const timeout = startCommandTimeout(this.#internals, (error) => waiting.leave(() => error));
      const give = (): void => {
        resolve(null);
        waiting.leave(() => new Error("Nobody waits for this call."));
      };
      const deadline = deadlineMs === null ? undefined : setTimeout(give, deadlineMs);
      let isOver = false;
      const over = (): void => {
        if (isOver) return;
        isOver = true;
        stopListening?.();
        clearTimeout(timeout);
        clearTimeout(deadline);
        this.#calls -= 1;
      };
      waiting.onGone((error) => {
        over();
        reject(error);
      });
      this.#callInTurn(call, to, waiting).finally(over).then(resolve, reject);
    });
  }

  async #callInTurn(call: BlockingCall, to: LaneRoute, waiting: Caller): Promise<unknown> {
    // As any call on a client with `lazyConnect` does.
    if (this.#internals.status === "wait") this.#internals.connect?.call(this.#client).catch(() => {});
    const ends = this.#tellOpenEnds(call);
    await orGone(to.untilClear(), waiting);
    const args = await ends;
    if (waiting.hasGone) throw waiting.error();
    if (args === null) return this.#callInline(call);
    for (;;) {
      const lane = await to.take(waiting);
      if (waiting.hasGone) {
        if (lane !== null) this.#routes.pool.release(lane);
        throw waiting.error();
      }
      // The client has ended meanwhile: it says so in its own words.
      if (lane === null) return this.#callInline(call);
      try {
        return await this.#callOn(lane, call.method, args, waiting);
      } catch (error) {
        if (waiting.hasGone) throw waiting.error();
        if (lane.isRefused && this.#waitsForEver) return this.#callInline(call);
        await to.follow(error).catch((outcome: unknown) => {
          // Where the client itself has no connection either, there is nothing to tell.
          throw this.#internals.status === "ready" ? withReason(outcome, lane) : outcome;
        });
      }
    }
  }

  /**
   * The arguments with the last entries' ids in the place of `$`: asked on the client's own connection, since the dedicated one comes too late for what is
   * added meanwhile.
   *
   * @returns `null` if they could not be read
   */
  async #tellOpenEnds({ command, args, own }: BlockingCall): Promise<unknown[] | null> {
    const ends = openEndsOf(command, own);
    if (ends.length === 0) return args;
    const read = this.#internals.xrevrange as Method;
    const asked = ends.map(({ key }) =>
      this.#callOwn(() => read.call(this.#client, key, "+", "-", "COUNT", 1) as Promise<unknown>),
    );
    const replies = await Promise.allSettled(asked);
    const told = args.flat(Number.POSITIVE_INFINITY);
    const before = told.length - own.length;
    for (const [i, { at }] of ends.entries()) {
      const reply = replies[i];
      if (reply?.status !== "fulfilled") return null;
      told[before + at] = lastIdIn(reply.value);
    }
    return told;
  }

  /** Whether a call of the client waits for a connection however long it takes. */
  get #waitsForEver(): boolean {
    const { options, status } = this.#internals;
    const { maxRetriesPerRequest = options?.redisOptions?.maxRetriesPerRequest } = options ?? {};
    return status === "ready" && maxRetriesPerRequest === null;
  }

  #callInline({ method, args }: BlockingCall): unknown {
    return this.#callOwn(() => (this.#internals[method] as Method).apply(this.#client, args));
  }

  #callOn(lane: Lane, method: string, args: unknown[], waiting: Caller): Promise<unknown> {
    const { pool } = this.#routes;
    const call = (): unknown => (lane.internals[method] as Method).apply(lane.client, args);
    return new Promise((resolve, reject) => {
      const ends = [
        lane.whenGivenUp(reject),
        lane.whenRefused(() => {
          if (this.#waitsForEver) pool.drop(lane);
        }),
        waiting.onGone(() => pool.drop(lane)),
      ];
      const { watchesCommands } = this.#watchers;
      const made = new Promise((done) =>
        done(watchesCommands ? this.#watchers.around(pendingOn(lane.internals), call) : call()),
      );
      const settled = (): void => {
        for (const end of ends) end();
        pool.release(lane);
      };
      made.finally(settled).then(resolve, reject);
      ends.push(lane.whenGivenUp(settled));
    });
  }
}

/** Waits no longer than the caller does. */
function orGone(work: Promise<unknown>, waiting: Caller): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const end = waiting.onGone(reject);
    work.finally(end).then(resolve, reject);
  });
}

/** Says in an error what only the dedicated connection knows: why the server did not let it in. */
function withReason(error: unknown, lane: Lane): unknown {
  const { refusal } = lane;
  if (refusal !== null && error instanceof Error)
    error.message += ` A connection of its own for this call was refused: ${refusal}.`;
  return error;
}

function genericCommand(name: unknown): string {
  return typeof name === "string" ? name.toLowerCase() : "";
}
