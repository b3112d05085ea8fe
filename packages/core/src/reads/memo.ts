import type { Effect } from "../commands/table.ts";
import { copyReply, isCopyable } from "../replies/copy-reply.ts";
import { sizeOfReply } from "../replies/size-of-reply.ts";
import { argumentsKey } from "./read-key.ts";
import { WriteLog } from "./write-log.ts";

/** The most replies that a memo keeps; the oldest goes first. */
const MOST_ENTRIES = 1_000;
/** The most that all of them hold, in bytes, a string counting one per UTF-16 unit. A larger reply is not kept. */
const MOST_BYTES = 1024 * 1024;

/** A call, as a memo knows it. */
export interface MemoCall {
  /** The method's name: `get` and `getBuffer` have different replies. */
  readonly method: string;
  readonly effect: Effect;
  readonly args: readonly unknown[];
}

interface Entry {
  readonly reply: unknown;
  readonly at: number;
  readonly bytes: number;
}

/** The replies to the reads of one scope, each kept until the scope writes to what it is about. */
export class Memo {
  readonly #commands: ReadonlySet<string> | null;
  readonly #writes = new WriteLog();
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  /** How many transactions are running: each may write at any time until it ends. */
  #transactions = 0;

  /** @param commands the commands whose replies are kept; `null` for every read that may be shared */
  constructor(commands: ReadonlySet<string> | null) {
    this.#commands = commands;
  }

  /** What a call is kept under; `null` for a call that is not kept: no read, not plain, or not asked for. */
  keyOf({ method, effect, args }: MemoCall): string | null {
    if (effect.effect !== "read") return null;
    if (this.#commands !== null && !this.#commands.has(method.replace(/Buffer$/, ""))) return null;
    const key = argumentsKey(args);
    return key === null ? null : `${method} ${key}`;
  }

  /** A copy of the reply that is kept under a key; `undefined` if there is none that is still true. */
  find(key: string, { effect, args }: MemoCall): { readonly reply: unknown } | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (this.#writes.hasChangedSince(entry.at, effect, args)) {
      this.#drop(key, entry);
      return undefined;
    }
    return { reply: copyReply(entry.reply) };
  }

  /**
   * To be called when a call is made.
   *
   * @returns the moment, to be handed to `keep` with the reply
   */
  called({ effect, args }: MemoCall): number {
    this.#writes.note(effect, args);
    return this.#writes.now;
  }

  /** To be called when a transaction is called. Until it has ended, nothing is kept. */
  transactionBegins(): void {
    this.#transactions += 1;
  }

  /** To be called when it has ended, however. */
  transactionEnds(): void {
    this.#transactions -= 1;
  }

  /** Keeps a copy of a read's reply, unless something was written since it was called that could make it untrue. */
  keep(key: string, { effect, args }: MemoCall, moment: number, reply: unknown): void {
    if (this.#transactions > 0 || !isCopyable(reply)) return;
    const bytes = key.length + sizeOfReply(reply);
    if (bytes > MOST_BYTES || this.#writes.hasChangedSince(moment, effect, args)) return;
    const earlier = this.#entries.get(key);
    if (earlier) this.#drop(key, earlier);
    this.#entries.set(key, { reply: copyReply(reply), at: moment, bytes });
    this.#bytes += bytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= MOST_ENTRIES && this.#bytes <= MOST_BYTES) break;
      this.#drop(oldest, entry);
    }
  }

  #drop(key: string, { bytes }: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= bytes;
  }
}
