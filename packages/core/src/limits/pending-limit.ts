import { type KeepableCall, KeptCall, type KeptFor } from "../call/kept-call.ts";
import { tellCallback } from "../callback.ts";
import type { IoredisClient, PendingCommand } from "../client.ts";
import { eventsOf } from "../client-events.ts";
import type { OverloadMessage } from "../observe/channels.ts";
import type { Pending } from "../queues/pending.ts";
import { whenSettled } from "../queues/when-settled.ts";
import { afterMs, atEndOfIteration } from "../timers.ts";
import { overloaded } from "./overloaded.ts";
import { PendingBytes } from "./pending-bytes.ts";

/** The caps, and what happens at them. `Infinity`: no cap. */
export interface PendingCaps {
  readonly maxPending: number;
  readonly maxPendingBytes: number;
  readonly whenFull: "reject" | "wait";
}

/** A call that has not been made yet. */
export interface LimitedCall extends KeepableCall {
  /** How many commands it sends; 0 for one that needs no room, and yet goes behind those that wait. */
  readonly commands: number;
  readonly args: readonly unknown[];
  /** How much counts as pending for this call alone, where it would be rejected. Default 0. */
  readonly besides?: number;
}

/** Where something pending may be out of sight, so often is looked whether there is room: as often as a Cluster sends again. */
const LOOK_AGAIN_MS = 100;

/** What a call that waits needs. */
interface Size {
  readonly commands: number;
  readonly bytes: number;
}

/**
 * Caps what is pending on one client: offline, or in flight.
 *
 * What is pending is asked of ioredis's own queues, and not counted here call by call: a command that has timed out for its
 * caller is still held by ioredis until its reply comes.
 */
export class PendingLimit {
  readonly #kept: KeptFor;
  readonly #pending: Pending;
  readonly #caps: PendingCaps;
  readonly #bytes: PendingBytes;
  readonly #tell: (message: OverloadMessage) => void;
  readonly #waiting = new Map<KeptCall, Size>();
  #drainScheduled = false;
  /** The commands that are watched: one of each connection, so that one that stalls does not keep the room of the others. */
  #watched = new WeakSet<PendingCommand>();
  #isLookingAgain = false;
  #overloads = 0;

  /**
   * @param pending what is pending on the client, and for its transactions
   * @param tell is told of each call that is rejected
   */
  constructor(
    client: IoredisClient,
    kept: KeptFor,
    pending: Pending,
    caps: PendingCaps,
    tell: (message: OverloadMessage) => void,
  ) {
    this.#kept = kept;
    this.#pending = pending;
    this.#caps = caps;
    this.#bytes = new PendingBytes(pending, caps.maxPendingBytes);
    this.#tell = tell;
    // What waits must be looked at then, even if no command was pending on the connection.
    for (const event of ["ready", "end"]) eventsOf(client).on(event, this.drainSoon);
  }

  /** How many commands are pending. */
  get pending(): number {
    return this.#pending.commands();
  }

  /** How many calls have been rejected because of the caps. */
  get overloads(): number {
    return this.#overloads;
  }

  /** How many calls wait for room. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether bytes are counted. */
  get countsBytes(): boolean {
    return this.#caps.maxPendingBytes < Number.POSITIVE_INFINITY;
  }

  /**
   * Makes a call if there is room for it.
   *
   * @returns what the call returned or, for one that waits or is rejected, a promise
   */
  run(call: LimitedCall): unknown {
    const { commands, args } = call;
    const { maxPending, maxPendingBytes, whenFull } = this.#caps;
    if (commands === 0) return this.#waiting.size === 0 ? call.make() : this.#wait(call, 0);
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
    const pending = this.pending + (call.besides ?? 0);
    if (pending + commands > maxPending) {
      return this.#reject(
        call,
        "full",
        "maxPending",
        `${pending} commands are pending, and maxPending is ${maxPending}.`,
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
    this.#tell({ reason, option, pending: this.pending });
    return tellCallback(Promise.reject(overloaded(said)), callback);
  }

  #wait(call: LimitedCall, bytes: number): unknown {
    if (call.isUnwritable?.()) return call.make();
    const { commands } = call;
    const keepable = { ...call, keep: () => this.#counting(bytes, call.keep()) };
    const kept = new KeptCall(this.#kept, keepable, this.#kept.line.enter(), () => {
      this.#waiting.delete(kept);
      // It may have been the one that was too large for the room that there is.
      this.drainSoon();
    });
    this.#waiting.set(kept, { commands, bytes });
    this.#watch();
    return kept.promise;
  }

  #counting(bytes: number, make: () => unknown): () => unknown {
    return () => this.#make(bytes, make);
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
    for (const [kept, { commands, bytes }] of this.#waiting) {
      if (commands > 0 && !this.#hasRoom(commands, bytes)) break;
      this.#waiting.delete(kept);
      kept.go();
    }
    this.#watch();
  }
}
