import type { ClientInternals, IoredisClient, PendingCommand, QueuedCommand } from "../client.ts";
import { eventsOf } from "../client-events.ts";
import { commandOfMethod, isGenericMethod } from "../commands/method-names.ts";
import { rowOf } from "../commands/table.ts";
import { lastPending } from "../queues/queues.ts";
import { whenSettled } from "../queues/when-settled.ts";
import { CalledState, changesState, type StateOfCall } from "./called-state.ts";

/** To be called after a call was made, with its arguments. */
export type Note = (args: readonly unknown[]) => void;

const endsTransaction = (command: string): boolean => {
  const { state } = rowOf(command);
  return state === "all" || (state === "transaction" && command !== "multi");
};
const isConcerned = (command: string): boolean => {
  const { state } = rowOf(command);
  return state === "transaction" || state === "watch" || state === "all";
};

/**
 * What calls have told the client's connection and ioredis does not keep: whether a transaction is open, and whom it is
 * authenticated as. Both end with the connection, since ioredis repeats neither on the next one.
 */
export class ConnectionState {
  readonly #told: CalledState;
  readonly #pending: () => readonly ClientInternals[];
  readonly #watched: () => void;
  #inTransaction = false;
  /** How many calls have begun or ended a transaction: a late reply says nothing of the state after a later one. */
  #changes = 0;

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
    this.#told = new CalledState(internals);
    this.#pending = pending;
    this.#watched = watched;
    eventsOf(client).on("close", () => {
      this.#inTransaction = false;
      this.#told.lost();
    });
  }

  /** Whether calls are collected by Redis for an EXEC: after `multi({ pipeline: false })`, or a `MULTI` through `call` or in a pipeline. */
  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  /** The database, the user and the name of what is called now. To be asked for once that is answered which was called before. */
  ofCall(): () => StateOfCall {
    return this.#told.ofCall();
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
    return isConcerned(command) || changesState(command) ? (args) => this.called(command, args.flat()) : null;
  }

  /** Notes that a command, in lower case, has just been called. */
  called(command: string, args: readonly unknown[] = []): void {
    if (command === "multi" || endsTransaction(command)) this.#movesTo(command, this.#lastCalled(command));
    else if (command === "watch") this.#watched();
    if (changesState(command)) this.#told.called(command, args, this.#lastCalled(command));
  }

  /** Notes that a pipeline has just been sent, with these commands; `endsWithExec` where ioredis adds one to them. */
  executed(queue: readonly QueuedCommand[], endsWithExec: boolean): void {
    for (const command of queue) {
      const name = command.name?.toLowerCase() ?? "";
      if (name === "multi" || endsTransaction(name)) this.#movesTo(name, command as PendingCommand);
      else if (name === "watch") this.#watched();
      if (changesState(name)) this.#told.called(name, command.args, command as PendingCommand);
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
}

/** Whether the server has refused a command; not where it had no transaction to end, and not where ioredis gave up waiting. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError" && !error.message.includes("without MULTI");
}
