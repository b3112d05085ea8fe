import type { CorkableStream } from "../client.ts";
import type { BatchCounters } from "../observe/batch-counters.ts";
import type { BatchTrigger } from "../observe/channels.ts";
import { atEndOfIteration } from "../timers.ts";
import { mergeWrites } from "./merge.ts";
import { flushedAtProcessEnd } from "./process-end.ts";
import type { Scheduler } from "./schedule.ts";
import { ScheduledEnd } from "./scheduled-end.ts";

/**
 * Holds back the bytes of one connection, or of each of a cluster's, from the first call of a tick to its end.
 *
 * Commands are written to the socket at once, by ioredis; a corked socket keeps them in its own buffer, in order, and
 * `uncork()` hands them to the kernel as one write. So nothing here can reorder, lose or repeat a command.
 */
export interface Cork {
  /** Whether what is called now is held back. */
  readonly isHolding: boolean;
  /** Whether the call that was begun last is held back: not if it waits for a connection, nor if it has left. */
  readonly holdsLastCall: boolean;

  /**
   * Has told what concerns those who remember the calls that are held.
   *
   * @param forget what was held has left
   * @param suspect something was written that was not called through the view: a call on the raw client
   */
  watch(forget: () => void, suspect: () => void): void;

  /** To be called before each command, in the caller's stack. */
  begin(): void;

  /** Counts commands that are about to be written. */
  count(commands: number): void;

  /** To be called after each command has been written. */
  wrote(): void;

  /**
   * Corks a stream that is not ready for calls yet, until the end of the event-loop iteration, so that what ioredis
   * sends by itself when the connection becomes ready leaves as one write as well.
   */
  holdUntilEndOfIteration(stream: unknown): void;

  /** Lets go what is held now. Safe at any time; the rest of the tick is gathered anew. */
  readonly flush: () => void;
}

/** Where the cork finds the connection of the moment: an ioredis client. */
export interface Connection {
  readonly status: string;
  readonly stream?: CorkableStream | null;
}

/** The cork of one connection. It asks the stream itself, at each call, how much it holds. */
export class TickCork implements Cork {
  readonly #connection: Connection;
  readonly #schedule: Scheduler;
  readonly #maxBatchBytes: number;
  readonly #counters: BatchCounters;

  readonly #endOfTick = new ScheduledEnd(() => this.#release("tick"));
  readonly #isExiting = flushedAtProcessEnd(this);
  /** The very stream that was corked: after a reconnect the client has another, which is not this one's to uncork. */
  #held: CorkableStream | null = null;
  /** What the held stream already had in its buffer when it was corked, in bytes. */
  #alreadyBuffered = 0;
  /** What the held stream had in its buffer after the last call that was told of. */
  #bufferedAfterCall = 0;
  #forget: (() => void) | null = null;
  #suspect: (() => void) | null = null;

  constructor(connection: Connection, schedule: Scheduler, maxBatchBytes: number, counters: BatchCounters) {
    this.#connection = connection;
    this.#schedule = schedule;
    this.#maxBatchBytes = maxBatchBytes;
    this.#counters = counters;
  }

  get isHolding(): boolean {
    return this.#held !== null;
  }

  get holdsLastCall(): boolean {
    // Corked for ioredis's own handshake, the stream gets no call yet: those wait in the offline queue, where no write tells of the raw client's.
    return this.#held !== null && this.#connection.status === "ready";
  }

  watch(forget: () => void, suspect: () => void): void {
    this.#forget = forget;
    this.#suspect = suspect;
  }

  wrote(): void {
    if (this.#held !== null) this.#bufferedAfterCall = this.#held.writableLength;
  }

  count(commands: number): void {
    this.#counters.add(commands);
  }

  /** Corks the connection if it can be corked, and lets a full batch go. */
  begin(): void {
    const stream = this.#connection.stream;
    if (stream !== this.#held || stream === null) {
      this.#release("reconnect");
      if (!isCorkable(stream) || this.#connection.status !== "ready" || this.#isExiting()) return;
      this.#hold(stream, this.#schedule);
    } else if (stream.writableLength !== this.#bufferedAfterCall && this.#suspect !== null) {
      this.#suspect();
      this.#bufferedAfterCall = stream.writableLength;
    }
    if (stream.writableLength - this.#alreadyBuffered >= this.#maxBatchBytes) {
      this.#release("bytes");
      this.#counters.earlyFlushes += 1;
      this.#hold(stream, this.#schedule);
    }
  }

  holdUntilEndOfIteration(stream: unknown): void {
    if (this.#held !== null || !isCorkable(stream) || this.#isExiting()) return;
    this.#hold(stream, atEndOfIteration);
  }

  readonly flush = (): void => {
    this.#release("flush");
  };

  #hold(stream: CorkableStream, schedule: Scheduler): void {
    mergeWrites(stream);
    stream.cork();
    this.#counters.startBatch();
    this.#counters.holds(this.#connection);
    this.#held = stream;
    this.#alreadyBuffered = this.#bufferedAfterCall = stream.writableLength;
    this.#endOfTick.arrange(schedule);
  }

  #release(trigger: BatchTrigger): void {
    const stream = this.#held;
    if (stream === null) return;
    this.#held = null;
    const bytes = stream.writableLength - this.#alreadyBuffered;
    // On a stream that has been ended or destroyed meanwhile, Node's uncork() does nothing.
    stream.uncork();
    this.#counters.endBatch(bytes, trigger, this.#connection);
    if (this.#forget !== null) this.#forget();
  }
}

/** Whether this is a stream that can be corked, and written to. */
export function isCorkable(stream: unknown): stream is CorkableStream {
  if (typeof stream !== "object" || stream === null) return false;
  const candidate = stream as Partial<CorkableStream>;
  // A Connector of the user's own may return something that is not a full Writable.
  return candidate.writable === true && typeof candidate.cork === "function" && typeof candidate.uncork === "function";
}
