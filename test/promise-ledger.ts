import { inspect } from "node:util";

/** A promise that a view has made to a caller. */
interface Made {
  readonly by: string;
  readonly promise: Promise<unknown>;
}

/** So many are kept before those that have settled are dropped. */
const KEPT = 10_000;

/**
 * The promises that all views of a test file have made to their callers. They are looked at and not handled: a handler would make
 * an unhandled rejection a handled one, which tests count.
 */
export class PromiseLedger {
  #made: Made[] = [];
  #total = 0;

  /** How many promises have been entered. */
  get total(): number {
    return this.#total;
  }

  enter(by: string, promise: Promise<unknown>): void {
    this.#total += 1;
    this.#made.push({ by, promise });
    if (this.#made.length > KEPT && this.#total % KEPT === 0) this.#made = this.#made.filter(isPending);
  }

  /** Whose promises have not settled. */
  pending(): string[] {
    this.#made = this.#made.filter(isPending);
    return this.#made.map(({ by }) => by);
  }

  /** Strikes out those that will never settle on the plain client either. */
  strikeOutPending(): void {
    this.#made = [];
  }
}

// Node shows a promise's state to nobody but its debugger and this.
function isPending({ promise }: Made): boolean {
  return inspect(promise, { depth: 0, maxArrayLength: 0, maxStringLength: 0 }).includes("<pending>");
}

/** That of this test file. */
export const promiseLedger: PromiseLedger = new PromiseLedger();
