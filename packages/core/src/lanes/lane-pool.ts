import type { Caller } from "../call/caller.ts";
import { type IoredisClient, internalsOf } from "../client.ts";
import { eventsOf } from "../client-events.ts";
import { startCommandTimeout } from "../queues/command-timeout.ts";
import { pendingCommands } from "../queues/queues.ts";
import { Lane } from "./lane.ts";
import { untilGone } from "./until-gone.ts";

export type { Lane } from "./lane.ts";

/** Makes dedicated connections. `Kind`: what a connection has to be like to take a call in the place of the client's own. */
export interface LaneSource<Kind> {
  /** Makes a client that connects at once. */
  make(kind: Kind): unknown;
  isLike(kind: Kind, wanted: Kind): boolean;
  /** Tells the client's own connection of now from earlier ones: a failover behind one address makes another of it. */
  generation(kind: Kind): unknown;
}

/** Options of every dedicated connection: a call is made before it is ready, whether or not the client may do so. */
export const LANE_OPTIONS = { enableOfflineQueue: true, lazyConnect: false } as const;

/** What the names of all dedicated connections begin with: libraries that count workers by name are not to count these. */
export const LANE_NAME = "tickpipe:";

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

  /** @param reconnects whether a connection with a call on it is made anew with the client's own */
  constructor(client: IoredisClient, max: number, source: LaneSource<unknown>, reconnects: boolean) {
    this.#client = client;
    this.#max = max;
    this.#source = source;
    eventsOf(client).on("close", () => this.#lost(reconnects));
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
    if (this.#spared.delete(lane) && !this.#open.has(lane)) this.drop(lane);
  }

  /** A connection for one call, or `null` while all are taken. */
  take(kind: unknown): Lane | null {
    for (const lane of [...this.#idle]) {
      if (!this.#source.isLike(lane.kind, kind) || lane.hasEnded) continue;
      if (this.#isOld(lane)) {
        this.drop(lane);
        continue;
      }
      this.#idle.delete(lane);
      return lane;
    }
    if (this.#open.size >= this.#max) {
      const [unlike] = this.#idle;
      if (!unlike) return null;
      this.drop(unlike);
    }
    return this.#make(kind);
  }

  /**
   * Waits, in order, for a connection.
   *
   * @param caller who waits, and sees to its own time limit; without one ioredis's own `commandTimeout` counts
   * @returns `null` if the client ends meanwhile
   * @throws {Error} what ioredis's own `commandTimeout` throws, or the caller's error if it goes meanwhile
   */
  wait(kind: unknown, caller: Caller | null = null): Promise<Lane | null> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = (lane) => {
        clearTimeout(timer);
        stopListening?.();
        resolve(lane);
      };
      const leave = (error: Error): void => {
        this.#waiting.delete(waiter);
        reject(error);
      };
      this.#waiting.set(waiter, kind);
      const timer = caller === null ? startCommandTimeout(internalsOf(this.#client), leave) : undefined;
      const stopListening = caller?.onGone(leave);
    });
  }

  /**
   * Gives a connection back. One that may still get an answer, after a timeout, is not used again.
   *
   * @param isReusable whether the connection is as it was when it was taken
   */
  release(lane: Lane, isReusable = true): void {
    this.#spared.delete(lane);
    const isOpen = this.#open.has(lane) && !lane.hasEnded && !this.#isOld(lane);
    if (isReusable && isOpen && pendingCommands(lane.internals) === 0) this.#idle.add(lane);
    else this.drop(lane);
    for (const [waiter, kind] of this.#waiting) {
      const next = this.take(kind);
      if (next === null) return;
      this.#waiting.delete(waiter);
      waiter(next);
    }
  }

  /** Closes a connection, whatever is on it. */
  drop(lane: Lane): void {
    this.#forget(lane);
    lane.giveUp();
  }

  /** Closes the idle connections of a kind that no call is likely to ask for again. */
  dropIdle(kind: unknown): void {
    for (const lane of [...this.#idle]) if (this.#source.isLike(lane.kind, kind)) this.drop(lane);
  }

  #make(kind: unknown): Lane {
    const lane = new Lane(this.#source.make(kind) as IoredisClient, kind, this.#source.generation(kind));
    lane.client.on("end", () => this.#forget(lane));
    this.#open.add(lane);
    return lane;
  }

  #isOld(lane: Lane): boolean {
    return lane.generation !== this.#source.generation(lane.kind);
  }

  #forget(lane: Lane): void {
    this.#open.delete(lane);
    this.#idle.delete(lane);
  }

  /** Dedicated connections go with the client's own: it may come back at another server. */
  #lost(reconnects: boolean): void {
    for (const lane of [...this.#idle]) this.drop(lane);
    if (internalsOf(this.#client).status === "end") return;
    if (this.#open.size + this.#waiting.size > 0) untilGone(internalsOf(this.#client), () => this.#close());
    if (reconnects) for (const lane of this.#open) lane.reconnect();
  }

  #close(): void {
    this.#closing();
    const waiters = [...this.#waiting.keys()];
    this.#waiting.clear();
    for (const waiter of waiters) waiter(null);
    for (const lane of [...this.#open]) {
      if (this.#spared.has(lane)) this.#open.delete(lane);
      else this.drop(lane);
    }
  }
}
