import type { Caller } from "../call/caller.ts";
import { dropUnheard } from "../callback.ts";
import type { WatchedCommand } from "../commands/watched-command.ts";

/** From so many commands on, those that have settled are dropped now and then. */
const SWEPT_FROM = 64;

/** A call that one may stop waiting for. */
interface Waiting {
  readonly reject: (error: Error) => void;
  readonly caller: Caller | null;
}

// Handed out by the executor of the promise that was made last.
let rejectLatest: (error: Error) => void;

/** The calls of one scope that have been made and whose callers may have to stop waiting. */
export class Unsettled {
  /** Settled ones among them, up to as many again: a sweep now and then costs less than a Set that each call enters and leaves. */
  #commands: WatchedCommand[] = [];
  #sweptAt = SWEPT_FROM;
  readonly #others = new Map<Promise<unknown>, Waiting>();

  /**
   * Enters a call.
   *
   * @param command the command behind it; `null` for a call without one that can be abandoned
   * @param caller whoever waits for it; a call that blocks on the client's own connection is not given up
   * @returns what its caller is to have
   */
  add(call: Promise<unknown>, command: WatchedCommand | null, caller: Caller | null): Promise<unknown> {
    if (command === null) return this.#addOther(call, caller);
    if (caller?.staysForReply) return call;
    this.#commands.push(command);
    if (this.#commands.length >= this.#sweptAt) this.#sweep();
    return call;
  }

  /** Rejects all, each with an error of its own. The calls themselves go on, and their replies are dropped. */
  rejectAll(makeError: () => Error): void {
    const commands = this.#commands.filter((command) => !command.isSettled);
    const others = [...this.#others];
    this.clear();
    for (const command of commands) {
      dropUnheard(command.promise);
      command.abandon(makeError());
    }
    for (const [call, { reject, caller }] of others) {
      // One that stays may be taken out of the client's offline queue yet, and nobody may be waiting for it.
      dropUnheard(call);
      if (!caller?.staysForReply) reject(makeError());
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#commands = [];
    this.#others.clear();
  }

  #sweep(): void {
    this.#commands = this.#commands.filter((command) => !command.isSettled);
    this.#sweptAt = Math.max(SWEPT_FROM, 2 * this.#commands.length);
  }

  #addOther(call: Promise<unknown>, caller: Caller | null): Promise<unknown> {
    const others = this.#others;
    const interruptible = new Promise((resolve, reject) => {
      call.then(
        (reply) => {
          others.delete(interruptible);
          resolve(reply);
        },
        (error) => {
          others.delete(interruptible);
          reject(error);
        },
      );
      rejectLatest = reject;
    });
    others.set(interruptible, { reject: rejectLatest, caller });
    return interruptible;
  }
}
