import type { ClientInternals, PendingCommand } from "../client.ts";
import { blocks } from "../commands/blocking.ts";
import type { Pending } from "../queues/pending.ts";
import { calledSince, queueTails } from "../queues/queues.ts";
import { whenSettled, whenSettledOnCluster } from "../queues/when-settled.ts";

/**
 * The blocking calls on the client's own connections. What is called behind one waits for it, as with the plain client; here that is
 * counted and warned of.
 */
export class InlineBlocking {
  readonly #pending: Pending;
  readonly #flush: () => void;
  readonly #warn: () => void;
  /** How many blocking calls have no reply yet, on each connection that has one. */
  readonly #blocked = new Map<ClientInternals, number>();
  #behind = 0;

  /**
   * @param flush lets go what the tick holds
   * @param warn is told of each call that waits behind a blocking one
   */
  constructor(pending: Pending, flush: () => void, warn: () => void) {
    this.#pending = pending;
    this.#flush = flush;
    this.#warn = warn;
  }

  /** Whether a blocking call has no reply yet. */
  get isBlocked(): boolean {
    return this.#blocked.size > 0;
  }

  /** How many commands were called so far that had to wait behind a blocking one. */
  get behind(): number {
    return this.#behind;
  }

  /**
   * Makes a call that may block, or while another one blocks.
   *
   * A blocking command leaves at once, and all that its tick holds before it: a server that waits gains nothing from waiting to be asked.
   *
   * @param isInTransaction whether Redis collects what is called for an EXEC, and so does not wait
   */
  around<T>(send: () => T, isInTransaction: boolean): T {
    const tails = queueTails(this.#pending.clients());
    try {
      return send();
    } finally {
      const called = calledSince(tails);
      if (this.isBlocked) this.#noteBehind(called);
      if (this.#noteBlocking(called, isInTransaction)) this.#flush();
    }
  }

  #noteBehind(called: readonly Called[]): void {
    const behind = called.filter(([, on]) => this.#blocked.has(on));
    this.#behind += behind.length;
    // Whoever ends the client waits on purpose.
    if (behind.some(([{ name }]) => name !== "quit")) this.#warn();
  }

  #noteBlocking(called: readonly Called[], isInTransaction: boolean): boolean {
    let isInMulti = isInTransaction;
    let isAny = false;
    for (const [command, on] of called) {
      const name = command.name.toLowerCase();
      if (name === "multi") isInMulti = true;
      else if (name === "exec" || name === "discard") isInMulti = false;
      // Redis collects what is in a transaction, and never waits there.
      else if (!isInMulti && blocks(name, command.args)) {
        isAny = true;
        this.#watch(command, on);
      }
    }
    return isAny;
  }

  #watch(command: PendingCommand, on: ClientInternals): void {
    this.#blocked.set(on, (this.#blocked.get(on) ?? 0) + 1);
    const whenItSettles = this.#pending.mayHide ? whenSettledOnCluster : whenSettled;
    whenItSettles(command, () => {
      const left = (this.#blocked.get(on) ?? 1) - 1;
      if (left > 0) this.#blocked.set(on, left);
      else this.#blocked.delete(on);
    });
  }
}

type Called = ReturnType<typeof calledSince>[number];

let hasWarned = false;

/** Warns, once in a process, that a call has to wait behind a blocking one on a connection that both share. */
export function warnOfBlocked(): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    'A call has to wait behind a blocking one, such as BLPOP, on the same connection. Give blocking calls a client of their own, or wrap this one with `blocking: "isolate"`.',
    { type: "TickpipeWarning", code: "TICKPIPE_BLOCKED" },
  );
}
