import type { PendingCommand } from "../client.ts";
import { type Effect, rowOf } from "../commands/table.ts";
import type { WatchedCommand } from "../commands/watched-command.ts";
import { whenSettled } from "../queues/when-settled.ts";
import { argumentsKey } from "./read-key.ts";
import { WriteLog } from "./write-log.ts";

/** A command on its way, whose reply others may have as well. */
export interface Shareable {
  /** When it was called, among the writes of its tick. */
  sharedAt: number;
  /** Has its reply copied for another call, which settles when it is released, and not before this command. */
  share(): WatchedCommand & { release(): void };
  /** The hash slot of its key, as ioredis tells it; `null` without a key. */
  getSlot(): number | null;
}

/** The command that was called last among those that are answered in one order with this one; `null` if it is this one, or nobody knows. */
export type LastCalledWith = (command: Shareable) => PendingCommand | null;

/**
 * What one method has sent in the tick. Each tick has a Map of its own: V8 links what a Map held before `clear()` to what it holds after, so that one
 * tick that the garbage collector takes for old would keep all later ones from being collected young. Behind Express that doubled its time.
 */
class Sent {
  #commands: Map<string, Shareable> | null = null;

  get(key: string): Shareable | undefined {
    return this.#commands?.get(key);
  }

  /** @returns whether it is the first of the tick */
  put(key: string, command: Shareable): boolean {
    const isFirst = this.#commands === null;
    this.#commands ??= new Map();
    this.#commands.set(key, command);
    return isFirst;
  }

  clear(): void {
    this.#commands = null;
  }
}

/**
 * The reads of one tick: a read that has been called in it already, and is still held back, is not sent again while
 * nothing that was called in between could have changed its answer.
 */
export class TickReads {
  readonly #lastCalledWith: LastCalledWith;
  readonly #writes = new WriteLog();
  readonly #used: Sent[] = [];
  /** The only read so far. Most ticks of a quiet server have one, which is worth no Map. */
  #only: Shareable | null = null;
  #onlyKey = "";
  #onlySent: Sent | null = null;
  #shared = 0;
  /** Those calls, by their very lists of arguments, where somebody asks for them. */
  #sharedCalls: WeakSet<object> | null = null;
  /** Under which list a call is sent that was kept: its snapshot's. */
  readonly #snapshots = new WeakMap<object, readonly unknown[]>();
  #lastShared: WatchedCommand | null = null;
  /** What the fellows that were called after this command wait for. */
  #awaited: { readonly command: object; readonly releases: (() => void)[] } | null = null;

  constructor(lastCalledWith: LastCalledWith) {
    this.#lastCalledWith = lastCalledWith;
  }

  /** Remembers from now on which calls got the reply of another. */
  rememberShared(): void {
    this.#sharedCalls ??= new WeakSet();
  }

  /** Whether a call got the reply of another, since `rememberShared`. */
  wasShared(args: readonly unknown[]): boolean {
    if (this.#sharedCalls === null) return false;
    if (this.#sharedCalls.has(args)) return true;
    const snapshot = this.#snapshots.get(args);
    return snapshot !== undefined && this.wasShared(snapshot);
  }

  /** Notes that a call is kept, and is sent with a snapshot of its arguments. */
  kept(args: readonly unknown[], snapshot: readonly unknown[]): void {
    if (this.#sharedCalls !== null && snapshot !== args) this.#snapshots.set(args, snapshot);
  }

  /** How many calls got the reply of another. */
  get shared(): number {
    return this.#shared;
  }

  /** The call that was answered with another's reply last. */
  get lastShared(): WatchedCommand | null {
    return this.#lastShared;
  }

  /** The reads of one method of the client; `null` for a method whose command is not to be shared. */
  readsOf(command: string): MethodReads | null {
    const effect = rowOf(command);
    return effect.effect === "read" ? new MethodReads(this, effect) : null;
  }

  /** Notes a call that is not a shareable read. */
  called(effect: Effect, args: readonly unknown[]): void {
    if (this.#only !== null) this.#writes.note(effect, args);
  }

  /** Notes that anything may have been written. */
  calledAnything(): void {
    if (this.#only !== null) this.#writes.noteAnything();
  }

  /** Forgets all, once what was held has left: what is on its way may be answered before the next call is made. */
  readonly clear = (): void => {
    if (this.#only === null) return;
    this.#only = this.#onlySent = this.#awaited = null;
    this.#writes.clear();
    if (this.#used.length === 0) return;
    for (const sent of this.#used) sent.clear();
    this.#used.length = 0;
  };

  /** For `MethodReads`. */
  find(sent: Sent, key: string, effect: Effect, args: readonly unknown[]): Promise<unknown> | null {
    if (this.#only === null) return null;
    const isOnly = this.#onlySent === sent && this.#onlyKey === key;
    const earlier = isOnly ? this.#only : sent.get(key);
    if (earlier === undefined || this.#writes.hasChangedSince(earlier.sharedAt, effect, args)) return null;
    this.#shared += 1;
    this.#sharedCalls?.add(args);
    const fellow = earlier.share();
    this.#lastShared = fellow;
    this.#releaseInTurn(earlier, () => fellow.release());
    return fellow.promise;
  }

  /** Has a call settle after the command that was sent last before it, as if it had been sent itself. */
  #releaseInTurn(shared: Shareable, release: () => void): void {
    const last = this.#lastCalledWith(shared);
    if (last === null || (last as object) === shared) {
      release();
      return;
    }
    // One list for all that wait for the same command, and not a wrapper of its `resolve` for each.
    if (this.#awaited?.command !== last) {
      const releases: (() => void)[] = [];
      this.#awaited = { command: last, releases };
      whenSettled(last, () => {
        for (const each of releases) each();
      });
    }
    this.#awaited.releases.push(release);
  }

  /** For `MethodReads`. */
  keep(sent: Sent, key: string, command: Shareable): void {
    command.sharedAt = this.#writes.now;
    if (this.#only === null) {
      this.#only = command;
      this.#onlyKey = key;
      this.#onlySent = sent;
      return;
    }
    if (this.#onlySent !== null) {
      this.#put(this.#onlySent, this.#onlyKey, this.#only);
      this.#onlySent = null;
    }
    this.#put(sent, key, command);
  }

  #put(sent: Sent, key: string, command: Shareable): void {
    if (sent.put(key, command)) this.#used.push(sent);
  }
}

/** The reads that one method has sent in the tick. */
export class MethodReads {
  readonly #tick: TickReads;
  readonly #effect: Effect;
  // Most reads have one argument, a string: it is its own key, and its hash is known to V8.
  readonly #sentForOne = new Sent();
  readonly #sentForMore = new Sent();
  #keyOfLast: string | null = null;
  #lastHasOne = false;

  constructor(tick: TickReads, effect: Effect) {
    this.#tick = tick;
    this.#effect = effect;
  }

  /** The reply of the same read, if it may be shared; `null` if the call is to be sent. */
  find(args: readonly unknown[]): Promise<unknown> | null {
    const [only] = args;
    const hasOne = args.length === 1 && typeof only === "string";
    const key = hasOne ? only : argumentsKey(args);
    this.#keyOfLast = key;
    this.#lastHasOne = hasOne;
    return key === null
      ? null
      : this.#tick.find(hasOne ? this.#sentForOne : this.#sentForMore, key, this.#effect, args);
  }

  /** Keeps the command that was just sent for the call that `find` was last asked about. */
  keep(command: Shareable): void {
    if (this.#keyOfLast === null) return;
    this.#tick.keep(this.#lastHasOne ? this.#sentForOne : this.#sentForMore, this.#keyOfLast, command);
  }
}
