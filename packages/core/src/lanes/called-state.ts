import type { ClientInternals, PendingCommand } from "../client.ts";
import { whenSettled } from "../queues/when-settled.ts";

/** A user and a password that were given to `AUTH`; no user where it was given a password alone. */
export interface Credentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** What a connection has been told, as far as a call elsewhere has to be like one on it. */
export interface StateOfCall {
  readonly database: number;
  /** `null` while the client's own options count. */
  readonly credentials: Credentials | null;
  /** What CLIENT SETNAME gave; `null` while the client's own option counts. */
  readonly name: string | null;
}

/** What one call changes, if Redis accepts it. */
interface Change {
  readonly gives: Partial<StateOfCall>;
  isAccepted: boolean;
}

/**
 * The database, the user and the name of a client's connection, as of any call. ioredis knows the database alone, and of one that waits for a
 * connection not even that: a SELECT, an AUTH or a HELLO called before in the same tick counts for a call, if Redis accepts it.
 */
export class CalledState {
  readonly #internals: ClientInternals;
  #settled: Omit<StateOfCall, "database"> = { credentials: null, name: null };
  /** Where ioredis believes in a database that the connection is not in: a SELECT was refused, or RESET left it. */
  #mistaken: { readonly believed: number; readonly actual: number } | null = null;
  /** Called, and not answered yet. */
  readonly #changes = new Set<Change>();

  constructor(internals: ClientInternals) {
    this.#internals = internals;
  }

  /** The state of what is called now. To be asked for once that is answered which was called before. */
  ofCall(): () => StateOfCall {
    const settled: StateOfCall = { ...this.#settled, database: this.#database() };
    const changes = [...this.#changes];
    return () => Object.assign({}, settled, ...changes.map(({ isAccepted, gives }) => (isAccepted ? gives : {})));
  }

  /**
   * Notes that a command, in lower case, has just been called.
   *
   * @param pending the command itself; `null` if it was rejected at once, and so has told Redis nothing
   */
  called(command: string, args: readonly unknown[], pending: PendingCommand | null): void {
    const gives = changeOf(command, args);
    if (gives === null || pending === null) return;
    const before = this.#database();
    const change: Change = { gives, isAccepted: false };
    this.#changes.add(change);
    whenSettled(pending, (error) => {
      this.#changes.delete(change);
      const believed = databaseOf(this.#internals);
      if (error === undefined) {
        change.isAccepted = true;
        const { database, ...told } = gives;
        this.#settled = { ...this.#settled, ...told };
        if (database !== undefined) this.#mistaken = database === believed ? null : { believed, actual: database };
      } else if (gives.database === believed) {
        this.#mistaken = { believed, actual: before };
      }
    });
  }

  /** The connection is lost. ioredis repeats SELECT on the next one, and neither AUTH nor CLIENT SETNAME. */
  lost(): void {
    this.#settled = { credentials: null, name: null };
    this.#mistaken = null;
  }

  #database(): number {
    const believed = databaseOf(this.#internals);
    return this.#mistaken?.believed === believed ? this.#mistaken.actual : believed;
  }
}

/** Whether calls of this command, in lower case, may change what a `CalledState` tells. */
export function changesState(command: string): boolean {
  return CHANGING.has(command);
}

const CHANGING: ReadonlySet<string> = new Set(["select", "auth", "hello", "reset", "client"]);

function changeOf(command: string, args: readonly unknown[]): Partial<StateOfCall> | null {
  const words = args.filter((argument) => typeof argument !== "function").map(String);
  const [first = "", second] = words;
  switch (command) {
    case "select":
      return { database: Number(first) };
    case "auth":
      return { credentials: second === undefined ? { username: undefined, password: first } : userOf(first, second) };
    case "hello":
      return changeOfHello(words);
    case "client":
      return first.toLowerCase() === "setname" && second !== undefined ? { name: second } : null;
    case "reset":
      return { database: 0, credentials: userOf(undefined, undefined), name: "" };
    default:
      return null;
  }
}

function changeOfHello(words: readonly string[]): Partial<StateOfCall> | null {
  const upper = words.map((word) => word.toUpperCase());
  const auth = upper.indexOf("AUTH");
  const name = auth === -1 ? upper.indexOf("SETNAME") : upper.indexOf("SETNAME", auth + 3);
  const gives: Partial<StateOfCall> = {
    ...(auth === -1 ? {} : { credentials: userOf(words[auth + 1], words[auth + 2]) }),
    ...(name === -1 ? {} : { name: words[name + 1] ?? "" }),
  };
  return auth === -1 && name === -1 ? null : gives;
}

const userOf = (username: string | undefined, password: string | undefined): Credentials => ({ username, password });

/** The database that ioredis believes its connection to be in: the last one selected, or that of the options before any connection. */
export function databaseOf({ condition, options }: ClientInternals): number {
  return condition?.select ?? options?.db ?? 0;
}
