import type { PendingCommand } from "../client.ts";
import type { OutcomeWatcher, WatchedCommand } from "../commands/watched-command.ts";
import type { Pending } from "../queues/pending.ts";
import { lastPending } from "../queues/queues.ts";
import { rejectUnheard, whenSettled, whenSettledOnCluster } from "../queues/when-settled.ts";

/** One of ioredis's own commands, with the promise that its caller has. */
type NativeCommand = PendingCommand & { readonly promise: Promise<unknown> };

/**
 * The command of ioredis's own making that was called just now, to be watched; `null` if `made` is not its promise, such as that of a script. A
 * watcher of it is not told the reply.
 */
export function nativeCommandOf(pending: Pending, made: unknown): WatchedCommand | null {
  if (!(made instanceof Promise)) return null;
  for (const client of pending.clients()) {
    const command = lastPending(client) as Partial<NativeCommand> | null;
    if (command?.promise === made) return new WatchedNative(command as NativeCommand, pending.mayHide);
  }
  return null;
}

class WatchedNative implements WatchedCommand {
  readonly promise: Promise<unknown>;
  isSettled = false;
  readonly #command: NativeCommand;
  readonly #isOnCluster: boolean;
  /** Rejects the promise, and tells nobody who has been put before it. */
  readonly #reject: PendingCommand["reject"];

  constructor(command: NativeCommand, isOnCluster: boolean) {
    this.promise = command.promise;
    this.#command = command;
    this.#isOnCluster = isOnCluster;
    this.#reject = rejectUnheard(command);
  }

  watch(watcher: OutcomeWatcher): void {
    const settled = (error?: unknown): void => {
      this.isSettled = true;
      if (error === undefined) watcher.replied(undefined);
      else watcher.failed(error);
    };
    if (this.#isOnCluster) whenSettledOnCluster(this.#command, settled);
    else whenSettled(this.#command, settled);
  }

  abandon(error: unknown): void {
    this.#reject.call(this.#command, error);
  }
}
