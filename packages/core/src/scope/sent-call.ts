import type { Caller } from "../call/caller.ts";
import type { GatedCall } from "../commands/gated-call.ts";
import type { RoundTripTally } from "../observe/round-trips.ts";
import type { CallInRecord } from "../observe/scope-recording.ts";
import { type CallWatcher, watchCall } from "../observe/watched-call.ts";
import type { Memo } from "../reads/memo.ts";

/** Who is told of a call. */
export interface ToldOfCalls {
  readonly tallies: readonly RoundTripTally[];
  /** `null` for a scope without one. */
  readonly memo: Memo | null;
}

/**
 * A call of a scope: tells the scope's counts, its memo and its record what the call comes to. It counts, and spoils what the memo has kept, from when it is
 * called, and not from when its turn comes.
 */
export class SentCall implements CallWatcher {
  readonly #told: ToldOfCalls;
  readonly #call: GatedCall;
  readonly #key: string | null;
  readonly #noted: CallInRecord | null;
  readonly #moment: number;
  readonly #waves: readonly number[];

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
    if (call.method === "transaction") told.memo?.transactionBegins();
    this.#waves = told.tallies.map((tally) => tally.called(call.commands));
  }

  /** Makes the call, and has its outcome told. @param send one of the call's two ways */
  make(send: GatedCall["send"], caller: Caller | null): unknown {
    const call = this.#call;
    this.#noted?.sending(call.commands, this.#waves.at(-1) ?? 1);
    return watchCall(() => send(caller), typeof call.callback === "function" && send === call.send, this);
  }

  sent(): void {
    this.#noted?.sent();
  }

  replied(reply: unknown): void {
    const { memo } = this.#told;
    const call = this.#call;
    if (memo !== null && this.#key !== null) memo.keep(this.#key, call, this.#moment, reply);
    // A call that has waited on the server has written only now.
    else memo?.called(call);
    const errors = call.errorsIn?.(reply) ?? NO_ERRORS;
    this.#settled(errors.length);
    this.#noted?.answered(reply, errors[0]);
  }

  failed(error: unknown): void {
    // It may have written before it failed, as a transaction does whose function throws.
    this.#told.memo?.called(this.#call);
    this.#settled(1);
    this.#noted?.failed(error);
  }

  #settled(errors: number): void {
    if (this.#call.method === "transaction") this.#told.memo?.transactionEnds();
    this.#told.tallies.forEach((tally, i) => {
      tally.settled(this.#waves[i] ?? 0, errors);
    });
  }
}

const NO_ERRORS: readonly unknown[] = [];
