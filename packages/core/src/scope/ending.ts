import { dropUnheard } from "../callback.ts";
import { TickpipeError } from "../errors.ts";
import type { Turns } from "./turns.ts";

/** Why a scope takes no more calls. */
export type EndReason = "closed" | "aborted" | "deadline";

const ERRORS = {
  closed: {
    code: "ERR_TICKPIPE_SCOPE_CLOSED",
    message:
      "The scope is closed, so the call was not sent. Work that goes on after its request belongs on a view of no scope: call the client that tickpipe() returned.",
  },
  aborted: {
    code: "ERR_TICKPIPE_ABORTED",
    message:
      "The scope's signal was aborted. A call that had been sent runs on in Redis; one that had not was not sent.",
  },
  deadline: {
    code: "ERR_TICKPIPE_DEADLINE",
    message:
      "The scope's deadline has passed. A call that had been sent runs on in Redis; one that had not was not sent. Raise deadlineMs, or call less.",
  },
} as const;

/** What may end a scope before it is closed. */
export interface EndingOptions {
  readonly signal: AbortSignal | undefined;
  readonly deadlineMs: number | undefined;
}

// Handed out by the executor of the promise that was made last.
let rejectLatest: (error: Error) => void;

/** The end of a scope: by `close()`, by its signal, or by its deadline, whichever comes first. */
export class Ending {
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #turns: Turns | null;
  readonly #onAbort: (() => void) | undefined;
  /** How callers stop waiting for calls that have been sent; `null` for a scope that only `close()` can end, which lets them finish. */
  readonly #unsettled: Map<Promise<unknown>, (error: Error) => void> | null;
  #reason: EndReason | null = null;

  /** @param turns let all their calls go when no more are taken, so that those come to nothing */
  constructor(signal: AbortSignal | undefined, deadlineMs: number | undefined, turns: Turns | null) {
    this.#turns = turns;
    this.#signal = signal;
    this.#unsettled = signal || deadlineMs !== undefined ? new Map() : null;
    if (deadlineMs !== undefined) this.#timer = setTimeout(() => this.#end("deadline"), deadlineMs).unref();
    if (signal === undefined) return;
    this.#onAbort = () => this.#end("aborted");
    if (signal.aborted) this.#end("aborted");
    else signal.addEventListener("abort", this.#onAbort);
  }

  get reason(): EndReason | null {
    return this.#reason;
  }

  /** Whether callers may have to stop waiting for a call that has been sent. */
  get mayInterrupt(): boolean {
    return this.#unsettled !== null;
  }

  /** The error of a call that comes too late, each time a new one. */
  error(): TickpipeError {
    const { code, message } = ERRORS[this.#reason ?? "closed"];
    const cause = this.#reason === "aborted" ? { cause: this.#signal?.reason } : undefined;
    return new TickpipeError(code, message, cause);
  }

  close(): void {
    this.#end("closed");
  }

  /** What the call comes to, or the error of the ending if that is first. The call itself goes on, and its reply is dropped. */
  interruptible(call: Promise<unknown>): Promise<unknown> {
    const unsettled = this.#unsettled;
    if (unsettled === null) return call;
    const interrupted = new Promise((resolve, reject) => {
      call.then(
        (reply) => {
          unsettled.delete(interrupted);
          resolve(reply);
        },
        (error) => {
          unsettled.delete(interrupted);
          reject(error);
        },
      );
      rejectLatest = reject;
    });
    unsettled.set(interrupted, rejectLatest);
    return interrupted;
  }

  #end(reason: EndReason): void {
    if (this.#reason === null) {
      this.#reason = reason;
      this.#turns?.letAllGo();
    }
    if (reason === "closed") {
      if (this.#timer) clearTimeout(this.#timer);
      if (this.#onAbort) this.#signal?.removeEventListener("abort", this.#onAbort);
      return;
    }
    for (const [call, reject] of this.#unsettled ?? []) {
      dropUnheard(call);
      reject(this.error());
    }
    this.#unsettled?.clear();
  }
}
