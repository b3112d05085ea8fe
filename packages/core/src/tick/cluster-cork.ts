import type { BatchCounters } from "../observe/batch-counters.ts";
import type { BatchTrigger } from "../observe/channels.ts";
import { atEndOfIteration } from "../timers.ts";
import type { Cork } from "./cork.ts";
import type { NodeStream, WriteListener } from "./node-streams.ts";
import { flushedAtProcessEnd } from "./process-end.ts";
import type { Scheduler } from "./schedule.ts";
import { ScheduledEnd } from "./scheduled-end.ts";

/**
 * The cork of a cluster's connections. From the first call of a tick to its end, the stream of a node is corked when something is first
 * written to it: a tick costs what its own nodes cost, however many there are.
 */
export class ClusterCork implements Cork, WriteListener {
  readonly #cluster: { readonly status: string };
  readonly #schedule: Scheduler;
  readonly #maxBatchBytes: number;
  readonly #counters: BatchCounters;

  readonly #endOfTick = new ScheduledEnd(() => this.#close("tick"));
  readonly #isExiting = flushedAtProcessEnd(this);
  #isOpen = false;
  readonly #held: NodeStream[] = [];
  #holdsLastCall = false;
  /** Commands that were counted and have not been written yet. */
  #counted = 0;
  /** How many writes there were in open ticks, and how many when the last call was made that was told of. */
  #writes = 0;
  #writesAfterCall = 0;
  #forget: (() => void) | null = null;
  #suspect: (() => void) | null = null;

  constructor(
    cluster: { readonly status: string },
    schedule: Scheduler,
    maxBatchBytes: number,
    counters: BatchCounters,
  ) {
    this.#cluster = cluster;
    this.#schedule = schedule;
    this.#maxBatchBytes = maxBatchBytes;
    this.#counters = counters;
  }

  get isHolding(): boolean {
    return this.#isOpen;
  }

  get holdsLastCall(): boolean {
    return this.#holdsLastCall;
  }

  watch(forget: () => void, suspect: () => void): void {
    this.#forget = forget;
    this.#suspect = suspect;
  }

  begin(): void {
    this.#holdsLastCall = false;
    this.#counted = 0;
    if (!this.#isOpen) {
      if (this.#cluster.status === "ready" && !this.#isExiting()) this.#open(this.#schedule);
      return;
    }
    if (this.#writes === this.#writesAfterCall) return;
    if (this.#suspect !== null) this.#suspect();
    this.#writesAfterCall = this.#writes;
  }

  count(commands: number): void {
    this.#counters.add(commands);
    this.#counted = commands;
  }

  wrote(): void {
    this.#writesAfterCall = this.#writes;
  }

  /** The stream is corked when something is written to it. */
  holdUntilEndOfIteration(): void {
    if (!this.#isOpen && !this.#isExiting()) this.#open(atEndOfIteration);
  }

  readonly flush = (): void => {
    this.#close("flush");
  };

  beforeWrite(to: NodeStream): void {
    if (!this.#isOpen) return;
    this.#writes += 1;
    // What is written sooner is the handshake of a connection.
    if (to.isHeld || to.node.status !== "ready") return;
    to.stream.cork();
    to.isHeld = true;
    to.alreadyBuffered = to.stream.writableLength;
    this.#counters.holds(to.node);
    this.#held.push(to);
  }

  afterWrite(to: NodeStream): void {
    if (!to.isHeld) return;
    to.commands += this.#counted;
    this.#counted = 0;
    this.#holdsLastCall = true;
    if (to.stream.writableLength - to.alreadyBuffered < this.#maxBatchBytes) return;
    this.#counters.earlyFlushes += 1;
    this.#held.splice(this.#held.indexOf(to), 1);
    this.#release(to, "bytes");
    this.#holdsLastCall = false;
    if (this.#forget !== null) this.#forget();
  }

  #open(schedule: Scheduler): void {
    this.#isOpen = true;
    this.#counters.startBatch();
    this.#endOfTick.arrange(schedule);
  }

  #close(trigger: BatchTrigger): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#holdsLastCall = false;
    for (const held of this.#held) this.#release(held, trigger);
    this.#held.length = 0;
    if (this.#forget !== null) this.#forget();
  }

  #release(held: NodeStream, trigger: BatchTrigger): void {
    held.isHeld = false;
    const bytes = held.stream.writableLength - held.alreadyBuffered;
    // On a stream that has been ended or destroyed meanwhile, Node's uncork() does nothing.
    held.stream.uncork();
    if (held.commands > 0) this.#counters.addBatch(held.commands, bytes, trigger, held.node);
    held.commands = 0;
  }
}
