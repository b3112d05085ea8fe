import { AsyncResource } from "node:async_hooks";
import type { Caller } from "../call/caller.ts";
import { tellCallback } from "../callback.ts";
import type { ClientInternals, IoredisClient, PendingCommand } from "../client.ts";
import { eventsOf } from "../client-events.ts";
import { TickpipeError } from "../errors.ts";
import type { OverloadMessage } from "../observe/channels.ts";
import { startCommandTimeout } from "../queues/command-timeout.ts";
import type { Pending } from "../queues/pending.ts";
import { whenSettled } from "../queues/when-settled.ts";
import { afterMs, atEndOfIteration } from "../timers.ts";
import { PendingBytes } from "./pending-bytes.ts";

/** The caps, and what happens at them. `Infinity`: no cap. */
export interface PendingCaps {
  readonly maxPending: number;
  readonly maxPendingBytes: number;
  readonly whenFull: "reject" | "wait";
}

/** A call that has not been made yet. */
export interface LimitedCall {
  /** How many commands it sends. */
  readonly commands: number;
  readonly args: readonly unknown[];
  /** The caller's callback, if it gave one. */
  readonly callback: unknown;
  /** Whoever waits for it; `null` if that never ends. */
  readonly caller: Caller | null;
  readonly make: () => unknown;
}

/** Where something pending may be out of sight, so often is looked whether there is room: as often as a Cluster sends again. */
const LOOK_AGAIN_MS = 100;

interface Waiter {
  readonly commands: number;
  readonly bytes: number;
  readonly go: () => void;
}

/**
 * Caps what is pending on one client: offline, in flight, or blocked on a connection of its own.
 *
 * What is pending is asked of ioredis's own queues, and not counted here call by call: a command that has timed out for its
 * caller is still held by ioredis until its reply comes.
 */
export class PendingLimit {
  readonly #internals: ClientInternals;
  readonly #pending: Pending;
  readonly #caps: PendingCaps;
  readonly #bytes: PendingBytes;
  readonly #pendingElsewhere: () => number;
  readonly #overloaded: (message: OverloadMessage) => void;
  readonly #waiting = new Set<Waiter>();
  #drainScheduled = false;
  /** The commands that are watched: one of each connection, so that one that stalls does not keep the room of the others. */
  #watched = new WeakSet<PendingCommand>();
  #isLookingAgain = false;
  #overloads = 0;

  /**
   * @param pendingElsewhere how many commands are pending that are not in the client's own queues
   * @param overloaded is told of each call that is rejected
   */
  constructor(
    client: IoredisClient,
    internals: ClientInternals,
    pending: Pending,
    caps: PendingCaps,
    pendingElsewhere: () => number,
    overloaded: (message: OverloadMessage) => void,
  ) {
    this.#internals = internals;
    this.#pending = pending;
    this.#caps = caps;
    this.#bytes = new PendingBytes(pending, caps.maxPendingBytes);
    this.#pendingElsewhere = pendingElsewhere;
    this.#overloaded = overloaded;
    // What waits must be looked at then, even if no command was pending on the connection.
    for (const event of ["ready", "end"]) eventsOf(client).on(event, this.drainSoon);
  }

  /** How many commands are pending. */
  get pending(): number {
    return this.#pending.commands() + this.#pendingElsewhere();
  }

  /** How many calls have been rejected because of the caps. */
  get overloads(): number {
    return this.#overloads;
  }

  /** How many calls wait for room. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Makes a call if there is room for it.
   *
   * @returns what the call returned or, for one that waits or is rejected, a promise
   */
  run(call: LimitedCall): unknown {
    const { commands, args } = call;
    const { maxPending, maxPendingBytes, whenFull } = this.#caps;
    const bytes = this.#bytes.of(args);
    if (commands > maxPending) {
      return this.#reject(
        call,
        "too large",
        "maxPending",
        `It has ${commands} commands by itself, and maxPending is ${maxPending}.`,
      );
    }
    if (bytes > maxPendingBytes) {
      return this.#reject(
        call,
        "too large",
        "maxPendingBytes",
        `Its arguments have ${bytes} bytes, and maxPendingBytes is ${maxPendingBytes}.`,
      );
    }
    if (whenFull === "wait") {
      return this.#waiting.size === 0 && this.#hasRoom(commands, bytes)
        ? this.#make(bytes, call.make)
        : this.#wait(call, bytes);
    }
    if (this.pending + commands > maxPending) {
      return this.#reject(
        call,
        "full",
        "maxPending",
        `${this.pending} commands are pending, and maxPending is ${maxPending}.`,
      );
    }
    if (!this.#bytes.hasRoomFor(bytes)) {
      return this.#reject(
        call,
        "full",
        "maxPendingBytes",
        `${this.#bytes.atMost} bytes are pending, and maxPendingBytes is ${maxPendingBytes}.`,
      );
    }
    return this.#make(bytes, call.make);
  }

  /** Looks, once the replies that have come are all dealt out, whether there is room for those that wait. */
  readonly drainSoon = (): void => {
    if (this.#drainScheduled || this.#waiting.size === 0) return;
    this.#drainScheduled = true;
    atEndOfIteration(() => this.#drain());
  };

  #hasRoom(commands: number, bytes: number): boolean {
    return this.pending + commands <= this.#caps.maxPending && this.#bytes.hasRoomFor(bytes);
  }

  #make(bytes: number, make: () => unknown): unknown {
    this.#bytes.add(bytes);
    return make();
  }

  #reject(
    { callback }: LimitedCall,
    reason: OverloadMessage["reason"],
    option: OverloadMessage["option"],
    said: string,
  ): Promise<never> {
    this.#overloads += 1;
    this.#overloaded({ reason, option, pending: this.pending });
    const error = new TickpipeError(
      "ERR_TICKPIPE_OVERLOADED",
      `The call was not sent. ${said} Call less at once, retry later, or raise the option.`,
    );
    return tellCallback(Promise.reject(error), callback);
  }

  #wait({ commands, callback, make }: LimitedCall, bytes: number): Promise<unknown> {
    const waiting = new Promise((resolve, reject) => {
      // In the caller's own async context, though it is another's reply that makes the room.
      // Not by `AsyncResource.bind`, as in scope/turns.ts.
      const context = new AsyncResource("TickpipeWaiter");
      const waiter: Waiter = {
        commands,
        bytes,
        go: () => {
          clearTimeout(timer);
          try {
            resolve(this.#make(bytes, () => context.runInAsyncScope(make)));
          } catch (error) {
            reject(error);
          }
        },
      };
      const timer = startCommandTimeout(this.#internals, (error) => {
        this.#waiting.delete(waiter);
        reject(error);
        tellCallback(waiting, callback);
      });
      this.#waiting.add(waiter);
      this.#watch();
    });
    // Whoever gave a callback hears of errors there.
    if (typeof callback === "function") waiting.catch(() => {});
    return waiting;
  }

  /** Has the waiting looked at once something that is pending has settled. */
  #watch(): void {
    if (this.#waiting.size === 0) return;
    for (const first of this.#pending.firsts()) {
      if (this.#watched.has(first)) continue;
      this.#watched.add(first);
      whenSettled(first, () => {
        // A cluster may send it again, which counts as settled here.
        this.#watched.delete(first);
        this.drainSoon();
      });
    }
    if (this.#pending.mayHide) this.#lookAgain();
  }

  #lookAgain(): void {
    if (this.#isLookingAgain) return;
    this.#isLookingAgain = true;
    afterMs(LOOK_AGAIN_MS, () => {
      this.#isLookingAgain = false;
      this.drainSoon();
    });
  }

  #drain(): void {
    this.#drainScheduled = false;
    this.#bytes.forget();
    for (const waiter of this.#waiting) {
      if (!this.#hasRoom(waiter.commands, waiter.bytes)) break;
      this.#waiting.delete(waiter);
      waiter.go();
    }
    this.#watch();
  }
}
