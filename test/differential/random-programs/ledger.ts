import { textOf } from "./text-of.ts";

export type Outcome = "replied" | "rejected" | "thrown";

/**
 * How a call settled. Calls of one way settle in the order of their replies. `null` if even that depends on how the replies
 * were cut into packets.
 */
export type Way = (outcome: Outcome, value: unknown) => string | null;

const PENDING = "has not settled";

/**
 * What became of every call of a thread. A promise that settles takes more microtasks on some ways than on others (a pipeline's
 * more than a command's), so that the order among different ways depends on how the replies were cut into packets: the order
 * is kept for each way by itself.
 */
export class Ledger {
  readonly #outcomes = new Map<string, string>();
  readonly #order = new Map<string, string[]>();
  #pending = 0;
  #settled: () => void = () => {};

  /** Enters a promise or callback that must settle. */
  open(call: string): void {
    this.#outcomes.set(call, PENDING);
    this.#pending += 1;
  }

  settle(call: string, way: Way, outcome: Outcome, value: unknown): void {
    const before = this.#outcomes.get(call);
    if (before !== PENDING) {
      // As where ioredis throws for an argument, and calls back as well.
      this.#outcomes.set(call, `${before}, and then ${outcome} ${textOf(value)}`);
      return;
    }
    this.#outcomes.set(call, `${outcome} ${textOf(value)}`);
    // A call that throws has an outcome at once, in the order of calls.
    const name = outcome === "thrown" ? null : way(outcome, value);
    if (name !== null) this.#ordered(name).push(call);
    this.#pending -= 1;
    this.#settled();
  }

  #ordered(way: string): string[] {
    const calls = this.#order.get(way) ?? [];
    this.#order.set(way, calls);
    return calls;
  }

  isPending(call: string): boolean {
    return this.#outcomes.get(call) === PENDING;
  }

  get pending(): number {
    return this.#pending;
  }

  pendingCalls(): string[] {
    return [...this.#outcomes.keys()].filter((call) => this.isPending(call));
  }

  /** Waits until the condition holds, looked at whenever a call settles. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#settled = resolve;
      });
    }
  }

  outcomes(): string[] {
    return [...this.#outcomes].map(([call, outcome]) => `${call}: ${outcome}`);
  }

  order(): string[] {
    return [...this.#order].map(([way, calls]) => `${way}: ${calls.join(" ")}`).sort();
  }
}
