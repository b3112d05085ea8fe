import { afterEach, vi } from "vitest";

/** How long a caller's promise may stay open after the fault, on a slow machine. */
export const SETTLES_WITHIN_MS = 10_000;

/** Promises made to callers, each of which must settle. */
export class Ledger {
  readonly #open = new Map<Promise<unknown>, string>();

  /** Enters a promise, and takes over its rejection: it is reported by nobody else. */
  track<T>(label: string, promise: Promise<T>): Promise<T> {
    this.#open.set(promise, label);
    const settle = (): void => {
      this.#open.delete(promise);
    };
    promise.then(settle, settle);
    return promise;
  }

  /** The labels of those that have not settled. */
  open(): string[] {
    return [...this.#open.values()];
  }

  /** Waits until all have settled. */
  async allSettled(): Promise<void> {
    await vi.waitFor(
      () => {
        const open = this.open();
        if (open.length > 0)
          throw new Error(`${open.length} promises have not settled: ${open.slice(0, 20).join(", ")}`);
      },
      { timeout: SETTLES_WITHIN_MS, interval: 5 },
    );
  }

  /** Strikes out what the plain client leaves open for ever as well. */
  strikeOutOpen(): string[] {
    const open = this.open();
    this.#open.clear();
    return open;
  }
}

/** The ledger of all promises that the tests of a file are given; none may be open after a test. */
export function useLedger(): Ledger {
  const ledger = new Ledger();
  afterEach(async () => {
    try {
      await ledger.allSettled();
    } finally {
      ledger.strikeOutOpen();
    }
  });
  return ledger;
}
