import type { Caller } from "../call/caller.ts";
import { tellCallback } from "../callback.ts";
import type { ClientInternals, IoredisClient } from "../client.ts";
import { blocks, mayBlock } from "../commands/blocking.ts";
import { commandOfMethod, isGenericMethod } from "../commands/method-names.ts";
import type { Watchers } from "../observe/watchers.ts";
import { pendingOn } from "../queues/pending.ts";
import type { ConnectionState } from "./connection-state.ts";
import type { Lane } from "./lane-pool.ts";
import type { LaneRoute, LaneRoutes } from "./lane-route.ts";

/** Makes a call elsewhere than on the client, or says that it does not: then nothing has been done. */
export type Route = (args: unknown[], caller: Caller | null) => unknown;

/** What a `Route` returns for a call that is the client's own to make. */
export const NOT_ROUTED: unique symbol = Symbol("tickpipe.notRouted");

type Method = (...args: unknown[]) => unknown;

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
  #calls = 0;

  constructor(
    client: IoredisClient,
    internals: ClientInternals,
    state: ConnectionState,
    routes: LaneRoutes,
    watchers: Watchers,
  ) {
    this.#client = client;
    this.#internals = internals;
    this.#state = state;
    this.#routes = routes;
    this.#watchers = watchers;
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
    return (args) => {
      const flat = args.flat(Number.POSITIVE_INFINITY);
      const command = generic ? genericCommand(flat[0]) : commandOfMethod(method);
      const own = generic ? flat.slice(1) : flat;
      if (!blocks(command, own)) return NOT_ROUTED;
      // Where an agent or a subclass has put a method of its own, it is not to be gone around.
      if (this.#internals[method] !== original || !flat.every(isEncodable) || !this.#mayLeave()) return NOT_ROUTED;
      const to = this.#routes.ofCall(command, own);
      return to === null ? NOT_ROUTED : this.#call(method, args, to);
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

  #call(method: string, args: unknown[], to: LaneRoute): Promise<unknown> {
    const last = args.at(-1);
    if (typeof last !== "function") return this.#counted(method, args, to);
    return tellCallback(this.#counted(method, args.slice(0, -1), to), last);
  }

  async #counted(method: string, args: unknown[], to: LaneRoute): Promise<unknown> {
    this.#calls += 1;
    try {
      return await this.#callInTurn(method, args, to);
    } finally {
      this.#calls -= 1;
    }
  }

  async #callInTurn(method: string, args: unknown[], to: LaneRoute): Promise<unknown> {
    // As any call on a client with `lazyConnect` does.
    if (this.#internals.status === "wait") this.#internals.connect?.call(this.#client).catch(() => {});
    await to.untilClear();
    for (;;) {
      const lane = await to.take();
      // The client has ended meanwhile: it says so in its own words.
      if (lane === null) return (this.#internals[method] as Method).apply(this.#client, args);
      try {
        return await this.#callOn(lane, method, args);
      } catch (error) {
        await to.follow(error);
      }
    }
  }

  async #callOn(lane: Lane, method: string, args: unknown[]): Promise<unknown> {
    try {
      const call = (): unknown => (lane.internals[method] as Method).apply(lane.client, args);
      return await (this.#watchers.watchesCommands ? this.#watchers.around(pendingOn(lane.internals), call) : call());
    } finally {
      this.#routes.pool.release(lane);
    }
  }
}

function genericCommand(name: unknown): string {
  return typeof name === "string" ? name.toLowerCase() : "";
}

// What ioredis would throw for is left to the client, which throws it.
function isEncodable(argument: unknown): boolean {
  if (typeof argument !== "object" || argument === null || argument instanceof Uint8Array) return true;
  try {
    String(argument);
    return true;
  } catch {
    return false;
  }
}
