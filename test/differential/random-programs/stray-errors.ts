import { setTimeout as sleep } from "node:timers/promises";
import { textOf } from "./text-of.ts";

const EVENTS = ["unhandledRejection", "uncaughtException"] as const;

/** What nobody handled while it listened, in place of those that would end the process or the test. */
export class StrayErrors {
  readonly #found: string[] = [];
  readonly #replaced = EVENTS.map((event) => [event, process.listeners(event as never)] as const);
  readonly #note = {
    unhandledRejection: (reason: unknown): void => void this.#found.push(`unhandledRejection ${textOf(reason)}`),
    uncaughtException: (error: unknown): void => void this.#found.push(`uncaughtException ${textOf(error)}`),
  };

  constructor() {
    for (const event of EVENTS) {
      process.removeAllListeners(event);
      process.on(event, this.#note[event]);
    }
  }

  /** Stops listening, once everything that was under way has been reported. */
  async stop(): Promise<string[]> {
    // What a callback throws, ioredis throws again from a timer of 1 ms. Timers of one length fire in the order in
    // which they were set, and rejections are reported before the next of them.
    await sleep(1);
    for (const [event, listeners] of this.#replaced.splice(0)) {
      process.removeAllListeners(event);
      for (const listener of listeners) process.on(event as never, listener as never);
    }
    return this.#found.sort();
  }
}
