import type { PendingCommand } from "../client.ts";
import { sharedByCopies } from "../copies.ts";
import type { Pending } from "../queues/pending.ts";
import { calledSince, queueTails } from "../queues/queues.ts";
import { whenSettled, whenSettledOnCluster } from "../queues/when-settled.ts";
import {
  type BatchMessage,
  type BatchTrigger,
  batchChannel,
  type DedupeMessage,
  dedupeChannel,
  type OverloadMessage,
  overloadChannel,
  type RequestMessage,
  requestChannel,
} from "./channels.ts";
import type { ScopeStats } from "./round-trips.ts";

/** Is told what one wrapped client does. Must not throw. */
export interface Watcher {
  /**
   * A command was handed to ioredis, in the stack of its caller.
   *
   * @param name its name on the wire, as it was given
   * @param on the connection, which only tells it from others
   * @returns is called when it settles
   */
  command?(name: string, on: object): (error?: unknown) => void;
  /** The first command of a batch is about to be called. */
  batchBegins?(on: object): void;
  batch?(message: BatchMessage, on: object): void;
  request?(message: RequestMessage): void;
  dedupe?(message: DedupeMessage): void;
  overload?(message: OverloadMessage): void;
}

type Event = keyof Watcher;

/** Who watches one wrapped client, diagnostics channels among them. While nobody does, each event costs a look at a boolean. */
export class Watchers {
  /** Whether somebody is to be told of each command. */
  watchesCommands = false;
  readonly #watchers = new Set<Watcher>();
  readonly #deduplicated = new Map<string, number>();

  /** @returns ends it */
  add(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    this.#look();
    return () => {
      this.#watchers.delete(watcher);
      this.#look();
    };
  }

  /** Makes a call that sends commands, and has watched what becomes of each. */
  around<T>(pending: Pending, send: () => T): T {
    const tails = queueTails(pending.clients());
    try {
      return send();
    } finally {
      for (const [command, on] of calledSince(tails)) {
        this.#watch(command, on, pending.mayHide ? whenSettledOnCluster : whenSettled);
      }
    }
  }

  batchBegins(on: object): void {
    for (const watcher of this.#watchers) watcher.batchBegins?.(on);
  }

  /** @param on the very connection: of a cluster's, that of the node */
  batch(
    commands: number,
    bytes: number,
    connection: BatchMessage["connection"],
    trigger: BatchTrigger,
    on: object,
  ): void {
    if (batchChannel.hasSubscribers || this.#wants("batch")) {
      const message: BatchMessage = { commands, bytes, connection, trigger };
      batchChannel.publish(message);
      for (const watcher of this.#watchers) watcher.batch?.(message, on);
    }
    if (this.#deduplicated.size > 0) this.#tellDeduplicated();
  }

  /** @returns is to be told the counts when the scope is closed; `null` where nobody watches */
  requestBegins(name: string | undefined): ((stats: ScopeStats) => void) | null {
    if (!requestChannel.hasSubscribers && !this.#wants("request")) return null;
    const start = performance.now();
    return (stats) => {
      const message: RequestMessage = { name, durationMs: performance.now() - start, ...stats };
      requestChannel.publish(message);
      for (const watcher of this.#watchers) watcher.request?.(message);
    };
  }

  /** A read of the batch that is held got the reply to another one. Told when the batch leaves. */
  deduplicated(command: string): void {
    if (!dedupeChannel.hasSubscribers && !this.#wants("dedupe")) return;
    this.#deduplicated.set(command, (this.#deduplicated.get(command) ?? 0) + 1);
  }

  overload(message: OverloadMessage): void {
    overloadChannel.publish(message);
    for (const watcher of this.#watchers) watcher.overload?.(message);
  }

  #watch(command: PendingCommand, on: object, whenItSettles: typeof whenSettled): void {
    for (const watcher of this.#watchers) {
      const settled = watcher.command?.(command.name, on);
      if (settled !== undefined) whenItSettles(command, settled);
    }
  }

  #tellDeduplicated(): void {
    for (const [command, count] of this.#deduplicated) {
      const message: DedupeMessage = { command, count };
      dedupeChannel.publish(message);
      for (const watcher of this.#watchers) watcher.dedupe?.(message);
    }
    this.#deduplicated.clear();
  }

  #wants(event: Event): boolean {
    if (this.#watchers.size === 0) return false;
    for (const watcher of this.#watchers) if (watcher[event] !== undefined) return true;
    return false;
  }

  #look(): void {
    this.watchesCommands = this.#wants("command");
  }
}

/** Of all copies of this package: who collects metrics by one is told of what another has wrapped. */
const watched = sharedByCopies("watchers", () => new WeakMap<object, Watchers>());

/** Who watches a client; of the raw client, always the same. */
export function watchersOf(client: object): Watchers {
  let watchers = watched.get(client);
  if (watchers === undefined) {
    watchers = new Watchers();
    watched.set(client, watchers);
  }
  return watchers;
}
