import type { RoundTripTally } from "./round-trips.ts";

/** How many errors a result that came without failing holds. */
type ErrorCount = (result: unknown) => number;

const noErrors: ErrorCount = () => 0;

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
   * @returns what `call` returned; of a promise, one that settles alike
   */
  record(commands: number, hasCallback: boolean, call: () => unknown, errorsIn: ErrorCount = noErrors): unknown {
    const tally = this.#tally;
    const wave = tally.called(commands);
    let result: unknown;
    try {
      result = call();
    } catch (error) {
      tally.settled(wave, 1);
      throw error;
    }
    if (!isPromise(result)) {
      tally.settled(wave, 0);
      return result;
    }
    const noted = result.then(
      (reply: unknown) => {
        tally.settled(wave, errorsIn(reply));
        return reply;
      },
      (error: unknown) => {
        tally.settled(wave, 1);
        if (hasCallback) return;
        throw error;
      },
    );
    // A caller with a callback has ioredis's own promise, whose rejection ioredis counts as handled. One without must get
    // the promise that was derived from it: the other is handled from here on, and an unhandled rejection, which Node
    // reports of the plain client, would go unseen.
    return hasCallback ? result : noted;
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}
