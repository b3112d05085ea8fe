import { type ClientInternals, type IoredisClient, internalsOf } from "../client.ts";
import { eventsOf } from "../client-events.ts";
import { startCommandTimeout } from "../queues/command-timeout.ts";
import { pendingCommands } from "../queues/queues.ts";

/** Makes dedicated connections. `Kind`: what a connection has to be like to take a call in the place of the client's own. */
export interface LaneSource<Kind> {
  /** Makes a client that connects at once. */
  make(kind: Kind): unknown;
  isLike(kind: Kind, wanted: Kind): boolean;
}

/** Options of every dedicated connection: a call is made before it is ready, whether or not the client may do so. */
export const LANE_OPTIONS = { enableOfflineQueue: true, lazyConnect: false } as const;

/** A dedicated connection. */
export interface Lane {
  readonly client: IoredisClient;
  readonly internals: ClientInternals;
  readonly kind: unknown;
}

type Waiter = (lane: Lane | null) => void;

/** Dedicated connections: made when they are needed, one call, or transaction, at a time on each, kept for the next, capped. */
export class LanePool {
  readonly #client: IoredisClient;
  readonly #max: number;
  readonly #source: LaneSource<unknown>;
  readonly #idle = new Set<Lane>();
  readonly #open = new Set<Lane>();
  readonly #waiting = new Map<Waiter, unknown>();
  readonly #spared = new Set<Lane>();
  #closing: () => void = () => {};

  constructor(client: IoredisClient, max: number, source: LaneSource<unknown>) {
    this.#client = client;
    this.#max = max;
    this.#source = source;
    eventsOf(client).on("end", () => this.#close());
  }

  /** How many connections are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Has `listener` called when the client has ended, before the connections are closed. */
  onClose(listener: () => void): void {
    this.#closing = listener;
  }

  /** Lets a connection that is taken finish its work when the client ends; it is closed once it is given back. */
  spare(lane: Lane): void {
    this.#spared.add(lane);
  }

  /** Closes such a connection after all, if the client has ended by now. */
  dropSpared(lane: Lane): void {
    if (this.#spared.delete(lane) && !this.#open.has(lane)) this.#drop(lane);
  }

  /** A connection for one call, or `null` while all are taken. */
  take(kind: unknown): Lane | null {
    for (const lane of this.#idle) {
      if (!this.#source.isLike(lane.kind, kind) || hasEnded(lane)) continue;
      this.#idle.delete(lane);
      return lane;
    }
    if (this.#open.size >= this.#max) {
      const [unlike] = this.#idle;
      if (!unlike) return null;
      this.#drop(unlike);
    }
    return this.#make(kind);
  }

  /**
   * Waits, in order, for a connection.
   *
   * @returns `null` if the client ends meanwhile
   * @throws {Error} what ioredis's own `commandTimeout` throws, if it passes meanwhile
   */
  wait(kind: unknown): Promise<Lane | null> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = (lane) => {
        clearTimeout(timer);
        resolve(lane);
      };
      const timer = startCommandTimeout(internalsOf(this.#client), (error) => {
        this.#waiting.delete(waiter);
        reject(error);
      });
      this.#waiting.set(waiter, kind);
    });
  }

  /**
   * Gives a connection back. One that may still get an answer, after a timeout, is not used again.
   *
   * @param isReusable whether the connection is as it was when it was taken
   */
  release(lane: Lane, isReusable = true): void {
    this.#spared.delete(lane);
    const isOpen = this.#open.has(lane) && !hasEnded(lane);
    if (isReusable && isOpen && pendingCommands(lane.internals) === 0) this.#idle.add(lane);
    else this.#drop(lane);
    for (const [waiter, kind] of this.#waiting) {
      const next = this.take(kind);
      if (next === null) return;
      this.#waiting.delete(waiter);
      waiter(next);
    }
  }

  /** Closes the idle connections of a kind that no call is likely to ask for again. */
  dropIdle(kind: unknown): void {
    for (const lane of [...this.#idle]) if (this.#source.isLike(lane.kind, kind)) this.#drop(lane);
  }

  #make(kind: unknown): Lane {
    const client = this.#source.make(kind) as IoredisClient;
    const lane: Lane = { client, internals: internalsOf(client), kind };
    // What goes wrong reaches the caller through the call. Unheard, ioredis would print it.
    client.on("error", () => {});
    client.on("end", () => this.#forget(lane));
    this.#open.add(lane);
    return lane;
  }

  #drop(lane: Lane): void {
    this.#forget(lane);
    if (!hasEnded(lane)) lane.internals.disconnect?.call(lane.client);
  }

  #forget(lane: Lane): void {
    this.#open.delete(lane);
    this.#idle.delete(lane);
  }

  #close(): void {
    this.#closing();
    const waiters = [...this.#waiting.keys()];
    this.#waiting.clear();
    for (const waiter of waiters) waiter(null);
    for (const lane of [...this.#open]) {
      if (this.#spared.has(lane)) this.#open.delete(lane);
      else this.#drop(lane);
    }
  }
}

// ioredis tells of it a little later, with its event.
function hasEnded(lane: Lane): boolean {
  return lane.internals.status === "end";
}
