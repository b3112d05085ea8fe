import { tellCallback } from "../callback.ts";
import { EMITTER_METHODS, isWithoutPipeline, SCAN_STREAM_METHODS } from "../commands/method-names.ts";
import { rowOf } from "../commands/table.ts";
import type { TickpipeError } from "../errors.ts";
import { type Collected, commandOf, isUnknownScript, namesIn } from "./transaction-commands.ts";
import { guardedControls } from "./transaction-controls.ts";
import { isOver, notForItsFunction, ofOneNode, outlives } from "./transaction-errors.ts";

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** The pipeline that `multi()` returns; MULTI is in its queue from the start. */
export interface Multi extends Collected {
  exec: () => Promise<unknown>;
}

/** What would begin, end or unguard the transaction, which `transaction()` alone does. */
const ITS_OWN: ReadonlySet<string> = new Set([
  ...["multi", "exec", "discard", "unwatch", "reset"],
  ...["quit", "disconnect", "end", "connect"],
]);

/** What changes the client for the transactions that have it next, though nothing is sent. */
const CHANGE_THE_CLIENT: ReadonlySet<string> = new Set(["definecommand", "addbuiltincommand"]);

/** Methods of an emitter that leave the client's own listeners as they are. */
const HARMLESS: ReadonlySet<PropertyKey> = new Set([
  ...["listenerCount", "listeners", "rawListeners", "eventNames", "getMaxListeners"],
  ...["off", "removeListener"],
]);

/** What a Cluster has and `tx` has not, since it is a client of one node. */
const CLUSTER_ALONE: ReadonlySet<PropertyKey> = new Set(["nodes", "slots", "refreshSlotsCache", "delayUntilReady"]);

/** Methods that return no promise, so that a refusal is thrown. */
const SYNCHRONOUS: ReadonlySet<PropertyKey> = new Set([
  "pipeline",
  "multi",
  "disconnect",
  "end",
  "duplicate",
  "defineCommand",
  "addBuiltinCommand",
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
  /** Whether the server did not know a script that EXEC was to run, though ioredis believes that it does. */
  hasUnknownScript = false;
  readonly #multis = new WeakMap<object, () => Promise<unknown>>();
  #isOver = false;
  #isAsItWas = true;

  constructor(view: object) {
    const methods = new Map<PropertyKey, Method>();
    let controls: object | null = null;
    const assigns = (property: PropertyKey): void => {
      if (this.#isOver) throw isOver();
      this.#isAsItWas = false;
      methods.delete(property);
    };
    this.tx = new Proxy(view, {
      get: (_target, property) => {
        const value: unknown = Reflect.get(view, property);
        if (property === "tickpipe") {
          controls ??= guardedControls(value as object, () => this.#isOver);
          return controls;
        }
        if (value === undefined && CLUSTER_ALONE.has(property)) throw ofOneNode(property);
        if (typeof value !== "function" || property === "constructor" || HARMLESS.has(property)) return value;
        let guarded = methods.get(property);
        if (!guarded) {
          guarded = this.#guard(view, property, value as Method);
          methods.set(property, guarded);
        }
        return guarded;
      },
      // The connection keeps what is put on its client, a double of a test as well.
      set: (_target, property, value) => {
        assigns(property);
        return Reflect.set(view, property, value);
      },
      defineProperty: (_target, property, descriptor) => {
        assigns(property);
        return Reflect.defineProperty(view, property, descriptor);
      },
      deleteProperty: (_target, property) => {
        assigns(property);
        return Reflect.deleteProperty(view, property);
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
    if (Array.isArray(replies) && replies.some(isUnknownScript)) {
      this.#isAsItWas = false;
      this.hasUnknownScript = true;
    }
    return replies;
  }

  #guard(view: object, property: PropertyKey, method: Method): Method {
    const client = this;
    return function (...args) {
      const isMulti = property === "multi" && !isWithoutPipeline(args);
      const command = commandOf(property, args);
      const refusal = client.#refusal(isMulti ? [] : [command]);
      if (refusal !== null) {
        if (SYNCHRONOUS.has(property) || EMITTER_METHODS.has(property)) throw refusal;
        return rejected(refusal, args.at(-1));
      }
      client.#note([command]);
      if (EMITTER_METHODS.has(property) || CHANGE_THE_CLIENT.has(command)) client.#isAsItWas = false;
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
    if (this.#isOver) return isOver();
    const refused = commands.find((command) => ITS_OWN.has(command));
    if (refused !== undefined) return notForItsFunction(refused);
    return commands[0] === "duplicate" ? outlives("duplicate") : null;
  }

  // What is sent lean is a plain command on data. Of the others, some change the connection.
  #note(commands: readonly string[]): void {
    if (commands.some((command) => command !== "watch" && command !== "multi" && !rowOf(command).lean)) {
      this.#isAsItWas = false;
    }
  }
}

function rejected(error: Error, callback: unknown): Promise<never> {
  return tellCallback(Promise.reject(error), callback);
}
