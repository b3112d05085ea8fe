import { AsyncResource } from "node:async_hooks";
import { tellCallback } from "../callback.ts";
import type { ClientInternals, IoredisClient } from "../client.ts";
import { TickpipeError } from "../errors.ts";
import type { OverloadMessage } from "../observe/channels.ts";
import { startCommandTimeout } from "../queues/command-timeout.ts";
import { firstPending, pendingCommands, whenSettled } from "../queues/queues.ts";
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
  readonly make: () => unknown;
}

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
  readonly #caps: PendingCaps;
  readonly #bytes: PendingBytes;
  readonly #pendingElsewhere: () => number;
  readonly #overloaded: (message: OverloadMessage) => void;
  readonly #waiting = new Set<Waiter>();
  #drainScheduled = false;
  #watching = false;
  #overloads = 0;

  /**
   * @param pendingElsewhere how many commands are pending that are not in the client's own queues
   * @param overloaded is told of each call that is rejected
   */
  constructor(
    client: IoredisClient,
    internals: ClientInternals,
    caps: PendingCaps,
    pendingElsewhere: () => number,
    overloaded: (message: OverloadMessage) => void,
  ) {
    this.#internals = internals;
    this.#caps = caps;
    this.#bytes = new PendingBytes(internals, caps.maxPendingBytes);
    this.#pendingElsewhere = pendingElsewhere;
    this.#overloaded = overloaded;
    // What waits must be looked at then, even if no command was pending on the connection.
    for (const event of ["ready", "end"]) client.on(event, this.drainSoon);
  }

  /** How many commands are pending. */
  get pending(): number {
    return pendingCommands(this.#internals) + this.#pendingElsewhere();
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
    setImmediate(() => this.#drain());
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
      const inContext = AsyncResource.bind(make);
      const waiter: Waiter = {
        commands,
        bytes,
        go: () => {
          clearTimeout(timer);
          try {
            resolve(this.#make(bytes, inContext));
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
    if (this.#watching || this.#waiting.size === 0) return;
    const first = firstPending(this.#internals);
    if (first === null) return;
    this.#watching = true;
    whenSettled(first, () => {
      this.#watching = false;
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
