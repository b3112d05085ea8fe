import type { GatedCall } from "../commands/gated-call.ts";
import type { RoundTripTally } from "../observe/round-trips.ts";
import type { CallInRecord } from "../observe/scope-recording.ts";
import type { CallWatcher } from "../observe/watched-call.ts";
import type { Memo } from "../reads/memo.ts";

/** Who is told of the calls of one scope. */
export interface ToldOfCalls {
  readonly tally: RoundTripTally;
  /** `null` for a scope without one. */
  readonly memo: Memo | null;
}

/** A call of a scope that is being made: tells the scope's counts, its memo and its record what the call comes to. */
export class SentCall implements CallWatcher {
  readonly #told: ToldOfCalls;
  readonly #call: GatedCall;
  readonly #key: string | null;
  readonly #noted: CallInRecord | null;
  readonly #moment: number;
  readonly #wave: number;

  /**
   * @param key what its reply is kept under in the memo; `null` if it is not
   * @param noted the call in the record of its scope; `null` while nobody asks for one
   */
  constructor(told: ToldOfCalls, call: GatedCall, key: string | null, noted: CallInRecord | null) {
    this.#told = told;
    this.#call = call;
    this.#key = key;
    this.#noted = noted;
    this.#moment = told.memo?.called(call) ?? 0;
    this.#wave = told.tally.called(call.commands);
    noted?.sending(call.commands, this.#wave);
  }

  sent(): void {
    this.#noted?.sent();
  }

  replied(reply: unknown): void {
    const { tally, memo } = this.#told;
    const call = this.#call;
    if (memo !== null && this.#key !== null) memo.keep(this.#key, call, this.#moment, reply);
    // A call that has waited on the server has written only now.
    else memo?.called(call);
    const errors = call.errorsIn?.(reply) ?? NO_ERRORS;
    tally.settled(this.#wave, errors.length);
    this.#noted?.answered(reply, errors[0]);
  }

  failed(error: unknown): void {
    this.#told.tally.settled(this.#wave, 1);
    this.#noted?.failed(error);
  }
}

const NO_ERRORS: readonly unknown[] = [];
