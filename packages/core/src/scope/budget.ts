import { TickpipeError } from "../errors.ts";
import type { RoundTripTally } from "../observe/round-trips.ts";

/** How much one scope may call, and what happens beyond. `undefined`: no limit. */
export interface BudgetOptions {
  readonly maxCommands: number | undefined;
  readonly maxRoundTrips: number | undefined;
  readonly whenOverBudget: "warn" | "reject";
}

/** Watches over how much one scope calls. */
export class Budget {
  readonly #options: BudgetOptions;
  readonly #name: string;
  #hasWarned = false;

  /** @param name the scope's name, for messages */
  constructor(options: BudgetOptions, name: string | undefined) {
    this.#options = options;
    this.#name = name === undefined ? "A scope" : `The scope "${name}"`;
  }

  /**
   * To be asked before a call.
   *
   * @returns the error to reject it with; `null` if it may be made
   */
  refuses(tally: RoundTripTally, commands: number): TickpipeError | null {
    const over = this.#overBy(tally.with(commands));
    if (over === null) return null;
    if (this.#options.whenOverBudget === "reject") {
      return new TickpipeError("ERR_TICKPIPE_OVER_BUDGET", `The call was not sent. ${over}`);
    }
    if (!this.#hasWarned) process.emitWarning(over, { type: "TickpipeWarning", code: "TICKPIPE_OVER_BUDGET" });
    this.#hasWarned = true;
    return null;
  }

  #overBy({ commands, roundTrips }: { readonly commands: number; readonly roundTrips: number }): string | null {
    const { maxCommands = Number.POSITIVE_INFINITY, maxRoundTrips = Number.POSITIVE_INFINITY } = this.#options;
    if (commands > maxCommands) {
      return `${this.#name} calls ${commands} commands, more than maxCommands (${maxCommands}). Call less, or raise the option.`;
    }
    if (roundTrips > maxRoundTrips) {
      return `${this.#name} makes ${roundTrips} round trips, more than maxRoundTrips (${maxRoundTrips}). Call together what does not need an earlier reply, or raise the option.`;
    }
    return null;
  }
}
