import type { RoundTripTally } from "./round-trips.ts";
import type { CallInRecord } from "./scope-recording.ts";

/** The errors that a result holds which came without failing. */
type ErrorsIn = (result: unknown) => readonly unknown[];

const NONE: readonly unknown[] = [];
const noErrors: ErrorsIn = () => NONE;

/** Tells a tally of each call and of its outcome, without changing what the caller sees of it. */
export class CallRecorder {
  readonly #tally: RoundTripTally;

  constructor(tally: RoundTripTally) {
    this.#tally = tally;
  }

  /**
   * Makes the call and notes it.
   *
   * @param commands how many commands the call sends
   * @param hasCallback whether the caller gave a callback
   * @param call makes the call
   * @param noted the call in the record of its scope; `null` while nobody asks for one
   * @returns what `call` returned; of a promise, one that settles alike
   */
  record(
    commands: number,
    hasCallback: boolean,
    call: () => unknown,
    errorsIn: ErrorsIn = noErrors,
    noted: CallInRecord | null = null,
  ): unknown {
    const tally = this.#tally;
    const wave = tally.called(commands);
    noted?.sending(commands, wave);
    let result: unknown;
    try {
      result = call();
    } catch (error) {
      tally.settled(wave, 1);
      noted?.failed(error);
      throw error;
    }
    noted?.sent();
    if (!isPromise(result)) {
      tally.settled(wave, 0);
      noted?.answered(undefined);
      return result;
    }
    const watched = result.then(
      (reply: unknown) => {
        const errors = errorsIn(reply);
        tally.settled(wave, errors.length);
        noted?.answered(reply, errors[0]);
        return reply;
      },
      (error: unknown) => {
        tally.settled(wave, 1);
        noted?.failed(error);
        if (hasCallback) return;
        throw error;
      },
    );
    // A caller with a callback has ioredis's own promise, whose rejection ioredis counts as handled. One without must get
    // the promise that was derived from it: the other is handled from here on, and an unhandled rejection, which Node
    // reports of the plain client, would go unseen.
    return hasCallback ? result : watched;
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}
