import type { Caller } from "../call/caller.ts";
import { dropUnheard } from "../callback.ts";
import type { CommandQueue, PendingCommand } from "../client.ts";

/**
 * Calls that wait in ioredis's offline queue, and whoever waits for them. Once nobody does, they are taken out of it: a pipeline or a MULTI with its EXEC whole,
 * since all its commands have one caller. What has left the queue counts as sent.
 */
export class OfflineCalls {
  readonly #queues: () => Iterable<CommandQueue | undefined>;
  readonly #multiDropped: () => void;
  readonly #callers = new WeakMap<PendingCommand, Caller>();
  readonly #followed = new WeakSet<Caller>();

  /**
   * @param queues the offline queues of the moment
   * @param multiDropped is told that a MULTI which was called by itself is not sent
   */
  constructor(queues: () => Iterable<CommandQueue | undefined>, multiDropped: () => void) {
    this.#queues = queues;
    this.#multiDropped = multiDropped;
  }

  /** Makes a call, and notes which of its commands wait for a connection. */
  around<T>({ ofScope: caller }: Caller, make: () => T): T {
    const before = new Map<CommandQueue, number>();
    for (const queue of this.#queues()) if (queue !== undefined) before.set(queue, queue.length);
    const made = make();
    for (const queue of this.#queues()) {
      if (queue === undefined) continue;
      for (let i = before.get(queue) ?? 0; i < queue.length; i++) this.#note(queue.peekAt(i)?.command, caller);
    }
    return made;
  }

  #note(command: PendingCommand | undefined, caller: Caller): void {
    if (command === undefined) return;
    this.#callers.set(command, caller);
    if (this.#followed.has(caller)) return;
    this.#followed.add(caller);
    caller.onGone(() => this.#drop(caller));
  }

  #drop(caller: Caller): void {
    for (const queue of this.#queues()) {
      const dropped: PendingCommand[] = [];
      for (let i = (queue?.length ?? 0) - 1; i >= 0; i--) {
        const entry = queue?.peekAt(i);
        if (entry === undefined || this.#callers.get(entry.command) !== caller) continue;
        queue?.removeOne(i);
        dropped.unshift(entry.command);
        if (entry.command.name === "multi" && entry.stream === undefined) this.#multiDropped();
      }
      for (const command of dropped) {
        if (command.promise) dropUnheard(command.promise);
        command.reject(caller.error());
      }
    }
  }
}
