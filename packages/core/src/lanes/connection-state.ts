import type { ClientInternals, IoredisClient, PendingCommand, QueuedCommand } from "../client.ts";
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

const ENDS_TRANSACTION: ReadonlySet<string> = new Set(["exec", "discard", "reset"]);
const CONCERNED: ReadonlySet<string> = new Set(["multi", ...ENDS_TRANSACTION, "auth", "watch"]);

/**
 * What calls have told the client's connection and ioredis does not keep: whether a transaction is open, and whom it is
 * authenticated as. Both end with the connection, since ioredis repeats neither on the next one.
 */
export class ConnectionState {
  readonly #internals: ClientInternals;
  readonly #pending: () => readonly ClientInternals[];
  readonly #watched: () => void;
  #inTransaction = false;
  /** How many calls have begun or ended a transaction: a late reply says nothing of the state after a later one. */
  #changes = 0;
  #credentials: Credentials | null = null;

  /**
   * @param pending the clients in whose queues calls wait
   * @param watched is told of each WATCH
   */
  constructor(
    client: IoredisClient,
    internals: ClientInternals,
    pending: () => readonly ClientInternals[],
    watched: () => void = () => {},
  ) {
    this.#internals = internals;
    this.#pending = pending;
    this.#watched = watched;
    eventsOf(client).on("close", () => {
      this.#inTransaction = false;
      this.#credentials = null;
    });
  }

  /** Whether calls are collected by Redis for an EXEC: after `multi({ pipeline: false })`, or a `MULTI` through `call` or in a pipeline. */
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
    if (method === "sendCommand") {
      return ([command]) => {
        const { name, args = [] } = (command ?? {}) as Partial<PendingCommand>;
        if (typeof name === "string") this.called(name.toLowerCase(), args);
      };
    }
    const command = commandOfMethod(method);
    return CONCERNED.has(command) ? (args) => this.called(command, args.flat()) : null;
  }

  /** Notes that a command, in lower case, has just been called. */
  called(command: string, args: readonly unknown[] = []): void {
    if (command === "multi" || ENDS_TRANSACTION.has(command)) this.#movesTo(command, this.#lastCalled(command));
    else if (command === "watch") this.#watched();
    else if (command === "auth") this.#whenAccepted(command, () => this.#authenticated(args));
  }

  /** Notes that a pipeline has just been sent, with these commands; `endsWithExec` where ioredis adds one to them. */
  executed(queue: readonly QueuedCommand[], endsWithExec: boolean): void {
    for (const command of queue) {
      const name = command.name?.toLowerCase() ?? "";
      if (name === "multi" || ENDS_TRANSACTION.has(name)) this.#movesTo(name, command as PendingCommand);
      else if (name === "watch") this.#watched();
    }
    if (!endsWithExec) return;
    this.#changes += 1;
    this.#inTransaction = false;
  }

  /** Takes for accepted what has been called, since what is called next comes after it; its reply may say otherwise. */
  #movesTo(name: string, command: PendingCommand | null): void {
    this.#changes += 1;
    // What is not pending was rejected at once, and has told Redis nothing.
    if (command === null) return;
    const mine = this.#changes;
    const before = this.#inTransaction;
    const after = name === "multi";
    this.#inTransaction = after;
    whenSettled(command, (error) => {
      if (this.#changes !== mine) return;
      if (error === undefined) this.#inTransaction = after;
      // An EXEC ends a transaction even if it is refused; any other command that is refused leaves all as it was.
      else if (name !== "exec" && isRefusal(error)) this.#inTransaction = before;
    });
  }

  #lastCalled(name: string): PendingCommand | null {
    for (const client of this.#pending()) {
      const command = lastPending(client);
      if (command?.name.toLowerCase() === name) return command;
    }
    return null;
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

/** Whether the server has refused a command; not where it had no transaction to end, and not where ioredis gave up waiting. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError" && !error.message.includes("without MULTI");
}

/** The database of the calls that are made now: the last one selected, or that of the options before any connection. */
export function databaseOf({ condition, options }: ClientInternals): number {
  return condition?.select ?? options?.db ?? 0;
}
