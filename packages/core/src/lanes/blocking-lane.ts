import { tellCallback } from "../callback.ts";
import type { ClientInternals, IoredisClient } from "../client.ts";
import { blocks, mayBlock } from "../commands/blocking.ts";
import { commandOfMethod, isGenericMethod } from "../commands/method-names.ts";
import type { Watchers } from "../observe/watchers.ts";
import { lastPending, whenSettled } from "../queues/queues.ts";
import { type ConnectionState, databaseOf } from "./connection-state.ts";
import { type Lane, LanePool } from "./lane-pool.ts";

/** Makes a call elsewhere than on the client, or says that it does not: then nothing has been done. */
export type Route = (args: unknown[]) => unknown;

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
  readonly #pool: LanePool;
  readonly #watchers: Watchers;
  #released: () => void = () => {};

  constructor(
    client: IoredisClient,
    internals: ClientInternals,
    state: ConnectionState,
    maxConnections: number,
    watchers: Watchers,
  ) {
    this.#client = client;
    this.#internals = internals;
    this.#state = state;
    this.#pool = new LanePool(client, maxConnections);
    this.#watchers = watchers;
  }

  /** How many dedicated connections are open. */
  get connections(): number {
    return this.#pool.size;
  }

  /** How many calls have a dedicated connection or wait for one. */
  get calls(): number {
    return this.#pool.calls;
  }

  /** Has `listener` called whenever a call has ended. */
  onRelease(listener: () => void): void {
    this.#released = listener;
  }

  /** The route for one method of the client; `null` for a method whose calls never block. */
  routeFor(method: string): Route | null {
    const generic = isGenericMethod(method);
    if (!generic && !mayBlock(commandOfMethod(method))) return null;
    const original = this.#internals[method];
    return (args) => {
      const flat = args.flat(Number.POSITIVE_INFINITY);
      const command = generic ? genericCommand(flat[0]) : commandOfMethod(method);
      if (!blocks(command, generic ? flat.slice(1) : flat)) return NOT_ROUTED;
      // Where an agent or a subclass has put a method of its own, it is not to be gone around.
      if (this.#internals[method] !== original || !flat.every(isEncodable) || !this.#mayLeave()) return NOT_ROUTED;
      return this.#call(method, args);
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

  #call(method: string, args: unknown[]): Promise<unknown> {
    const last = args.at(-1);
    if (typeof last !== "function") return this.#callInTurn(method, args);
    return tellCallback(this.#callInTurn(method, args.slice(0, -1)), last);
  }

  async #callInTurn(method: string, args: unknown[]): Promise<unknown> {
    // As any call on a client with `lazyConnect` does.
    if (this.#internals.status === "wait") this.#internals.connect?.call(this.#client).catch(() => {});
    const kind = { database: databaseOf(this.#internals), credentials: this.#state.credentials };
    const before = lastPending(this.#internals);
    if (before !== null) await new Promise<void>((resolve) => whenSettled(before, () => resolve()));
    const lane = this.#pool.take(kind) ?? (await this.#pool.wait(kind));
    // The client has ended meanwhile: it says so in its own words.
    if (lane === null) return (this.#internals[method] as Method).apply(this.#client, args);
    return this.#callOn(lane, method, args);
  }

  async #callOn(lane: Lane, method: string, args: unknown[]): Promise<unknown> {
    try {
      const call = (): unknown => (lane.internals[method] as Method).apply(lane.client, args);
      return await (this.#watchers.watchesCommands ? this.#watchers.around(lane.internals, call) : call());
    } finally {
      this.#pool.release(lane);
      this.#released();
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
