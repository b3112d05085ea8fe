import type { ClientInternals, IoredisClient } from "../client.ts";
import { eventsOf } from "../client-events.ts";
import { commandOfMethod, isGenericMethod } from "../commands/method-names.ts";
import { lastPending } from "../queues/queues.ts";
import { whenSettled } from "../queues/when-settled.ts";

/** A user and a password that were given to `AUTH`; no user where it was given a password alone. */
export interface Credentials {
  readonly username: string | undefined;
  readonly password: string;
}

/** To be called after a call was made, with its arguments. */
export type Note = (args: readonly unknown[]) => void;

const CONCERNED: ReadonlySet<string> = new Set(["multi", "exec", "discard", "reset", "auth", "watch"]);

/**
 * What calls have told the client's connection and ioredis does not keep: whether a transaction is open, and whom it is
 * authenticated as. Both end with the connection, since ioredis repeats neither on the next one.
 */
export class ConnectionState {
  readonly #internals: ClientInternals;
  readonly #watched: () => void;
  #inTransaction = false;
  #credentials: Credentials | null = null;

  /** @param watched is told of each WATCH */
  constructor(client: IoredisClient, internals: ClientInternals, watched: () => void = () => {}) {
    this.#internals = internals;
    this.#watched = watched;
    eventsOf(client).on("close", () => {
      this.#inTransaction = false;
      this.#credentials = null;
    });
  }

  /** Whether calls are collected by Redis for an EXEC: after `multi({ pipeline: false })`, or a `MULTI` through `call`. */
  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  /** What the last successful AUTH gave; `null` while the client's own options count. */
  get credentials(): Credentials | null {
    return this.#credentials;
  }

  /** What is to be noted of the calls of a method; `null` for a method whose calls change nothing here. */
  noteFor(method: string): Note | null {
    if (isGenericMethod(method)) {
      return ([command, ...args]) => {
        if (typeof command === "string") this.called(command.toLowerCase(), args.flat());
      };
    }
    const command = commandOfMethod(method);
    return CONCERNED.has(command) ? (args) => this.called(command, args.flat()) : null;
  }

  /** Notes that a command, in lower case, has just been called. */
  called(command: string, args: readonly unknown[] = []): void {
    if (command === "multi") this.#inTransaction = true;
    else if (command === "watch") this.#watched();
    else if (command === "auth") this.#whenAccepted(command, () => this.#authenticated(args));
    else if (CONCERNED.has(command)) this.#inTransaction = false;
  }

  #authenticated(args: readonly unknown[]): void {
    // Accepted, so that there is a password.
    const [first, second] = args.filter((argument) => typeof argument !== "function").map(String) as [string, string?];
    this.#credentials =
      second === undefined ? { username: undefined, password: first } : { username: first, password: second };
  }

  #whenAccepted(name: string, accepted: () => void): void {
    const command = lastPending(this.#internals);
    if (command?.name !== name) return;
    whenSettled(command, (error) => {
      if (!error) accepted();
    });
  }
}

/** The database of the calls that are made now: the last one selected, or that of the options before any connection. */
export function databaseOf({ condition, options }: ClientInternals): number {
  return condition?.select ?? options?.db ?? 0;
}
