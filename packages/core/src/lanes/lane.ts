import { type ClientInternals, type IoredisClient, internalsOf } from "../client.ts";

/** So often a connection may be closed before it is ready until it counts as refused. */
const TRIES = 3;

/** A dedicated connection. */
export class Lane {
  readonly client: IoredisClient;
  readonly internals: ClientInternals;
  readonly kind: unknown;
  /** The connection of the client that this one goes with. */
  readonly generation: unknown;
  readonly #givenUp = new Set<(error: Error) => void>();
  readonly #refused = new Set<() => void>();
  #isReady = false;
  #closedUnready = 0;
  #lastError: unknown = null;

  constructor(client: IoredisClient, kind: unknown, generation: unknown) {
    this.client = client;
    this.internals = internalsOf(client);
    this.kind = kind;
    this.generation = generation;
    // What goes wrong reaches the caller through the call. Unheard, ioredis would print it.
    client.on("error", (error) => {
      this.#lastError = error;
    });
    client.on("ready", () => {
      this.#isReady = true;
      this.#closedUnready = 0;
      this.#lastError = null;
    });
    client.on("close", () => {
      if (!this.#isReady) this.#closedUnready += 1;
      this.#isReady = false;
      if (this.isRefused) for (const listener of [...this.#refused]) listener();
    });
  }

  // ioredis tells of it a little later, with its event.
  get hasEnded(): boolean {
    return this.internals.status === "end";
  }

  /** Whether the server takes no such connection, as far as has been seen. */
  get isRefused(): boolean {
    return this.#closedUnready >= TRIES || (this.#closedUnready > 0 && this.hasEnded);
  }

  /** Why a call on this connection has failed, if the server did not let it in: for the message of its error. */
  get refusal(): string | null {
    if (this.#closedUnready === 0) return null;
    const said =
      this.#lastError instanceof Error && this.#lastError.name === "ReplyError" ? this.#lastError.message : null;
    return (
      said ??
      "the server closed it before it was ready, as Redis does beyond maxclients (max number of clients reached)"
    );
  }

  /**
   * Calls `listener` if the connection is given up while a call is on it: what is queued on a client that waits to reconnect is settled by nobody else.
   *
   * @returns ends it
   */
  whenGivenUp(listener: (error: Error) => void): () => void {
    this.#givenUp.add(listener);
    return () => {
      this.#givenUp.delete(listener);
    };
  }

  /** Calls `listener` if the server does not let the connection in. @returns ends it */
  whenRefused(listener: () => void): () => void {
    this.#refused.add(listener);
    return () => {
      this.#refused.delete(listener);
    };
  }

  /** Closes the connection, and has its call fail as ioredis's own do. */
  giveUp(): void {
    if (!this.hasEnded) this.internals.disconnect?.call(this.client);
    for (const listener of [...this.#givenUp]) listener(new Error("Connection is closed."));
  }

  /**
   * Has the connection made anew: ioredis sends again what was unanswered. One that is being made is left alone: a client with
   * Sentinels that is told to disconnect while it asks them ends, with "Connection is closed." for its calls.
   */
  reconnect(): void {
    const { status } = this.internals;
    if (status === "ready" || status === "connect") this.internals.disconnect?.call(this.client, true);
  }
}
