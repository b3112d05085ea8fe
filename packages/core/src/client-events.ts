import { type IoredisClient, internalsOf } from "./client.ts";
import { afterCallback, atEndOfIteration } from "./timers.ts";

type Listener = (...args: unknown[]) => void;

/** The part of an `EventEmitter` that the hub needs besides `on`. */
interface Emitter {
  listeners?(event: string): unknown[];
  getMaxListeners?(): number;
  setMaxListeners?(count: number): unknown;
}

const hubs = new WeakMap<object, ClientEvents>();

/** The hub of a client: always the same. */
export function eventsOf(client: IoredisClient): ClientEvents {
  let hub = hubs.get(client);
  if (hub === undefined) {
    hub = new ClientEvents(client);
    hubs.set(client, hub);
  }
  return hub;
}

/**
 * Tickpipe's one listener for each event of a client, for all who want to be told of it.
 *
 * A library may remove all listeners of a client that it was given. Those of the hub come back before ioredis emits the next event, and what was
 * emitted meanwhile is asked of the client's status.
 */
export class ClientEvents {
  readonly #client: IoredisClient;
  /** Who is told of each event. */
  readonly #told = new Map<string, Set<Listener>>();
  /** The hub's own listener of each event. */
  readonly #own = new Map<string, Listener>();
  /** The client's limit of listeners since the hub raised it by its own; `null` where it has not. */
  #raisedTo: number | null = null;
  #isComingBack = false;
  /** The event that was told last, of those about a lost connection. */
  #lastLoss: string | null = null;

  constructor(client: IoredisClient) {
    this.#client = client;
    this.#own.set("removeListener", this.#removed);
    this.#listen("removeListener", this.#removed);
  }

  /**
   * Calls `listener` at each such event.
   *
   * @returns ends it
   */
  on(event: string, listener: Listener): () => void {
    const told = this.#toldOf(event);
    told.add(listener);
    // So that it is known what was missed.
    if (event === "close" || event === "end") for (const other of ["close", "end", "ready"]) this.#toldOf(other);
    return () => {
      told.delete(listener);
    };
  }

  /** Whether a listener on the client is the hub's, and so nobody else's business. */
  owns(event: string, listener: unknown): boolean {
    return this.#own.get(event) === listener;
  }

  /** The limit of listeners that the application knows, of the one that the client has. */
  limitFor(limit: number): number {
    return limit === this.#raisedTo ? limit - 1 : limit;
  }

  /** How many listeners of an event are the hub's. */
  countOf(event: string): number {
    return this.#own.has(event) ? 1 : 0;
  }

  #toldOf(event: string): Set<Listener> {
    let told = this.#told.get(event);
    if (told === undefined) {
      told = new Set();
      this.#told.set(event, told);
      const own: Listener = (...args) => this.#tell(event, args);
      this.#own.set(event, own);
      this.#listen(event, own);
    }
    return told;
  }

  #listen(event: string, own: Listener): void {
    const emitter = this.#client as Emitter;
    const max = emitter.getMaxListeners?.() ?? 0;
    // Node warns of a leak beyond so many: the hub's is not one of the application's.
    if (max > 0 && this.#own.size === 1 && !this.#isComingBack) {
      this.#raisedTo = max + 1;
      emitter.setMaxListeners?.(this.#raisedTo);
    }
    this.#client.on(event, own);
  }

  #tell(event: string, args: unknown[]): void {
    if (event === "close" || event === "end") this.#lastLoss = event;
    else if (event === "ready") this.#lastLoss = null;
    for (const listener of [...(this.#told.get(event) ?? [])]) listener(...args);
  }

  readonly #removed: Listener = (event, listener) => {
    if (this.#isComingBack || !this.owns(String(event), listener)) return;
    this.#isComingBack = true;
    // ioredis emits by `process.nextTick`: this one comes before those of what is called after the removal. Fakes of it do not stop promises.
    afterCallback(this.#comeBack);
    void Promise.resolve().then(this.#comeBack);
  };

  readonly #comeBack = (): void => {
    if (!this.#isComingBack) return;
    for (const [event, own] of this.#own) {
      if ((this.#client as Emitter).listeners?.(event).includes(own) === false) this.#client.on(event, own);
    }
    this.#isComingBack = false;
    // By then all has been emitted that was on its way.
    atEndOfIteration(this.#tellMissed);
  };

  readonly #tellMissed = (): void => {
    const { status } = internalsOf(this.#client);
    const isLost = status === "end" || status === "close" || status === "reconnecting";
    if (isLost && this.#lastLoss === null) this.#tell("close", []);
    if (status === "end" && this.#lastLoss !== "end") this.#tell("end", []);
  };
}
