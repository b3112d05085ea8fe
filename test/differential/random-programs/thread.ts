import { setImmediate as turn } from "node:timers/promises";
import { callBatch, callCommand } from "./calls.ts";
import type { ClientUnderTest } from "./client-under-test.ts";
import { Ledger } from "./ledger.ts";
import { beginsTransactions, type Thread, type Tick } from "./program.ts";

/** Runs a thread: its ticks, each at once, with the pauses between them. */
export class RunningThread {
  readonly ledger: Ledger = new Ledger();
  readonly #thread: Thread;
  readonly #client: ClientUnderTest;
  readonly #callsOf = new Map<number, string[]>();
  readonly #mayNest: boolean;
  #steps = 0;

  constructor(thread: Thread, client: ClientUnderTest) {
    this.#thread = thread;
    this.#client = client;
    this.#mayNest = beginsTransactions(thread);
  }

  /**
   * Runs it to its end.
   *
   * @param objects what its callers hold; default: what the client's side has
   * @param afterTick is called after each tick with its number, before the pause
   */
  async run(
    objects: ClientUnderTest["objects"] = this.#client.objects,
    afterTick: (tick: number) => Promise<void> | undefined = () => undefined,
  ): Promise<void> {
    const { ledger } = this;
    for (const [number, tick] of this.#thread.ticks.entries()) {
      if (tick.alone) await ledger.until(() => ledger.pending === 0);
      this.#call(tick, objects);
      const after = afterTick(number);
      if (after !== undefined) await after;
      await this.#pauseAfter(tick);
    }
    await ledger.until(() => ledger.pending === 0);
  }

  #call({ steps }: Tick, objects: ClientUnderTest["objects"]): void {
    for (const step of steps) {
      const call = String(this.#steps++);
      if (step.kind === "flush") {
        this.#client.flush();
        continue;
      }
      this.#callsOf.set(step.caller, [...(this.#callsOf.get(step.caller) ?? []), call]);
      const object = objects[step.via];
      if (step.kind === "call") callCommand(object, step, call, this.ledger);
      else callBatch(object, step, call, this.ledger, this.#mayNest);
    }
  }

  async #pauseAfter({ pause, steps }: Tick): Promise<void> {
    const { ledger } = this;
    if (pause === "all") return ledger.until(() => ledger.pending === 0);
    if (pause === "turn" || pause === "turns") {
      for (let turns = pause === "turn" ? 1 : 4; turns > 0; turns -= 1) await turn();
    }
    if (pause === "caller") {
      const first = steps.find((step) => step.kind !== "flush");
      const calls = first ? (this.#callsOf.get(first.caller) ?? []) : [];
      await ledger.until(() => !calls.some((call) => ledger.isPending(call)));
    }
  }
}
