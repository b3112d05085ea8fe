import type { BatchMessage, BatchTrigger } from "./channels.ts";
import type { Watchers } from "./watchers.ts";

/** What a wrapped client has done so far. Counted from its creation; never reset. */
export interface BatchStats {
  /** Commands called through the view. A pipeline counts each of its commands, when it is executed. */
  readonly commands: number;
  /** Batches let go: each left as one write, of a cluster's one for each node. */
  readonly batches: number;
  /** Those among the batches that left before the end of their tick, since `maxBatchBytes` was reached. */
  readonly earlyFlushes: number;
  /** The most commands that left in one batch. */
  readonly largestBatch: number;
}

/** The numbers behind `stats()`. Owned by the cork, which alone knows where a batch ends. */
export class BatchCounters {
  readonly #watchers: Watchers | null;
  readonly #connection: BatchMessage["connection"];
  earlyFlushes = 0;
  #commands = 0;
  #batches = 0;
  #largestBatch = 0;
  #commandsAtBatchStart = 0;

  /**
   * @param watchers who is told of batches
   * @param connection what they are told of the connection
   */
  constructor(watchers: Watchers | null = null, connection: BatchMessage["connection"] = "client") {
    this.#watchers = watchers;
    this.#connection = connection;
  }

  add(commands: number): void {
    this.#commands += commands;
  }

  /**
   * Ends a batch; one into which nothing was called does not count.
   *
   * @param bytes how many it has
   * @param on the connection, by which it is told from others
   */
  endBatch(bytes: number, trigger: BatchTrigger, on: object): void {
    const size = this.#commands - this.#commandsAtBatchStart;
    this.#commandsAtBatchStart = this.#commands;
    if (size > 0) this.addBatch(size, bytes, trigger, on);
  }

  /** Counts a batch that has left with so many commands and bytes. */
  addBatch(size: number, bytes: number, trigger: BatchTrigger, on: object): void {
    this.#batches += 1;
    if (size > this.#largestBatch) this.#largestBatch = size;
    this.#watchers?.batch(size, bytes, this.#connection, trigger, on);
  }

  /** Ends the count of commands that never were in a batch: those called while the connection was not ready. */
  startBatch(): void {
    this.#commandsAtBatchStart = this.#commands;
  }

  /** Tells that a connection holds back from now on what is written to it. */
  holds(on: object): void {
    this.#watchers?.batchBegins(on);
  }

  snapshot(): BatchStats {
    return {
      commands: this.#commands,
      batches: this.#batches,
      earlyFlushes: this.earlyFlushes,
      largestBatch: this.#largestBatch,
    };
  }
}
