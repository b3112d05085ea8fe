import { tellCallback } from "../callback.ts";
import type { QueuedCommand } from "../client.ts";
import { mayBeLean } from "../commands/lean-commands.ts";
import {
  commandOfMethod,
  EMITTER_METHODS,
  isGenericMethod,
  isWithoutPipeline,
  SCAN_STREAM_METHODS,
} from "../commands/method-names.ts";
import { TickpipeError } from "../errors.ts";

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** The pipeline that `multi()` returns; MULTI is in its queue from the start. */
export interface Multi {
  exec: () => Promise<unknown>;
  readonly _queue?: readonly NamedCommand[];
}

interface NamedCommand extends QueuedCommand {
  readonly name: string;
}

/** What would begin, end or unguard the transaction, which `transaction()` alone does. */
const ITS_OWN: ReadonlySet<string> = new Set([
  ...["multi", "exec", "discard", "unwatch", "reset"],
  ...["quit", "disconnect", "end", "connect"],
]);

/** What a Cluster has and `tx` has not, since it is a client of one node. */
const CLUSTER_ALONE: ReadonlySet<PropertyKey> = new Set(["nodes", "slots", "refreshSlotsCache", "delayUntilReady"]);

/** Methods that return no promise, so that a refusal is thrown. */
const SYNCHRONOUS: ReadonlySet<PropertyKey> = new Set([
  "pipeline",
  "multi",
  "disconnect",
  "end",
  ...SCAN_STREAM_METHODS,
]);

/**
 * What the function of a transaction is given: the view of a dedicated connection, for as long as this transaction has it.
 *
 * The connection serves other transactions afterwards. So each call is asked here whether it still may be made, and whether it
 * leaves the connection as it was.
 */
export class TransactionClient {
  /** The client to give to the function. */
  readonly tx: object;
  readonly #multis = new WeakMap<object, () => Promise<unknown>>();
  #isOver = false;
  #isAsItWas = true;

  constructor(view: object) {
    const methods = new Map<PropertyKey, Method>();
    this.tx = new Proxy(view, {
      get: (_target, property) => {
        const value: unknown = Reflect.get(view, property);
        if (value === undefined && CLUSTER_ALONE.has(property)) throw ofOneNode(property);
        if (typeof value !== "function" || property === "constructor" || EMITTER_METHODS.has(property)) return value;
        let guarded = methods.get(property);
        if (!guarded) {
          guarded = this.#guard(view, property, value as Method);
          methods.set(property, guarded);
        }
        return guarded;
      },
    });
  }

  /** Whether nothing was called that changes the connection for the next transaction, but the WATCH that EXEC or UNWATCH ends. */
  get isAsItWas(): boolean {
    return this.#isAsItWas;
  }

  /** From now on every call is refused. */
  end(): void {
    this.#isOver = true;
  }

  /** Whether this is what `tx.multi()` has returned, in this very transaction. */
  hasMade(value: unknown): value is Multi {
    return typeof value === "object" && value !== null && this.#multis.has(value);
  }

  /**
   * Sends the transaction.
   *
   * @throws {TypeError} Node's own, if it has an argument that cannot be encoded; nothing has been sent then
   */
  async exec(multi: Multi): Promise<unknown> {
    const commands = namesIn(multi);
    this.#note(commands.slice(1));
    const replies = await this.#multis.get(multi)?.();
    // ioredis takes a script that it has sent for one that the server knows; here the server never came to run it.
    if (replies === null && commands.some((name) => name.startsWith("eval"))) this.#isAsItWas = false;
    return replies;
  }

  #guard(view: object, property: PropertyKey, method: Method): Method {
    const client = this;
    return function (...args) {
      const isMulti = property === "multi" && !isWithoutPipeline(args);
      const command = commandOf(property, args);
      const refusal = client.#refusal(isMulti ? [] : [command]);
      if (refusal !== null) {
        if (SYNCHRONOUS.has(property)) throw refusal;
        return rejected(refusal, args.at(-1));
      }
      client.#note([command]);
      // A scan stream calls SCAN on its `this`, which is to be guarded too.
      const result = method.apply(SCAN_STREAM_METHODS.has(property) ? this : view, args);
      if (isMulti || property === "pipeline") client.#guardExec(result as Multi, isMulti);
      return result === view ? this : result;
    };
  }

  #guardExec(pipeline: Multi, isMulti: boolean): void {
    const { exec } = pipeline;
    if (isMulti) this.#multis.set(pipeline, () => exec.call(pipeline));
    const guarded = (...args: unknown[]): unknown => {
      const names = isMulti ? ["exec"] : namesIn(pipeline);
      const refusal = this.#refusal(names);
      if (refusal !== null) return rejected(refusal, args[0]);
      this.#note(names);
      return (exec as Method).apply(pipeline, args);
    };
    Object.defineProperty(pipeline, "exec", { value: guarded, writable: true, configurable: true, enumerable: false });
  }

  #refusal(commands: readonly string[]): TickpipeError | null {
    if (this.#isOver) {
      return misuse("This transaction is over, and its tx with it. Await what the function calls before it returns.");
    }
    const refused = commands.find((command) => ITS_OWN.has(command));
    if (refused === undefined) return null;
    return misuse(
      `${refused} is not for a transaction's function to call. Return tx.multi() without exec(), or null for nothing to do; transaction() does the rest.`,
    );
  }

  // What is sent lean is a plain command on data. Of the others, some change the connection.
  #note(commands: readonly string[]): void {
    if (commands.some((command) => command !== "watch" && command !== "multi" && !mayBeLean(command))) {
      this.#isAsItWas = false;
    }
  }
}

/** The error for a transaction that is begun within the function of another. */
export function nested(): TickpipeError {
  return misuse(
    "A transaction was begun within another's function. Each would keep a connection, until all wait for one. Watch the keys of both in one transaction.",
  );
}

function ofOneNode(property: PropertyKey): TickpipeError {
  return misuse(
    `A transaction's tx has no ${String(property)}: it is a client of the one node that has the watched keys. Use the shared client for it.`,
  );
}

function misuse(message: string): TickpipeError {
  return new TickpipeError("ERR_TICKPIPE_TRANSACTION_MISUSE", message);
}

/** The commands that a pipeline has collected, in lower case. */
function namesIn({ _queue = [] }: Multi): string[] {
  // Those of call() are as they were written.
  return _queue.map(({ name }) => name.toLowerCase());
}

/** The command that a call sends, in lower case; for a method that sends none by its name, that name. */
function commandOf(property: PropertyKey, [first]: readonly unknown[]): string {
  const name = String(property);
  if (name === "sendCommand") return String((first as { name?: unknown } | undefined)?.name).toLowerCase();
  const called = isGenericMethod(name) ? (Array.isArray(first) ? first.flat()[0] : first) : name;
  return typeof called === "string" ? commandOfMethod(called) : "";
}

function rejected(error: Error, callback: unknown): Promise<never> {
  return tellCallback(Promise.reject(error), callback);
}
