import type { WatchedCommand } from "../commands/watched-command.ts";
import { TickpipeError } from "../errors.ts";
import type { Turns } from "./turns.ts";
import { Unsettled } from "./unsettled.ts";

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
  /** Whether `abort()` is to end the waiting for calls that have been sent. */
  readonly abortable: boolean;
  readonly deadlineMs: number | undefined;
}

/** The end of a scope: by `close()`, by `abort()` or its signal, or by its deadline, whichever comes first. */
export class Ending {
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #turns: Turns | null;
  readonly #onAbort: (() => void) | undefined;
  /** Calls that have been sent, whose callers may have to stop waiting; `null` where they finish however the scope ends. */
  readonly #unsettled: Unsettled | null;
  #reason: EndReason | null = null;

  #abortReason: unknown = undefined;

  /** @param turns let all their calls go when no more are taken, so that those come to nothing */
  constructor({ signal, abortable, deadlineMs }: EndingOptions, turns: Turns | null) {
    this.#turns = turns;
    this.#signal = signal;
    this.#unsettled = abortable || signal || deadlineMs !== undefined ? new Unsettled() : null;
    if (deadlineMs !== undefined) this.#timer = setTimeout(() => this.#end("deadline"), deadlineMs).unref();
    if (signal === undefined) return;
    this.#onAbort = () => this.abort(signal.reason);
    if (signal.aborted) this.abort(signal.reason);
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
    const cause = this.#reason === "aborted" ? { cause: this.#abortReason } : undefined;
    return new TickpipeError(code, message, cause);
  }

  abort(reason: unknown): void {
    if (this.#reason === null) this.#abortReason = reason;
    this.#end("aborted");
  }

  close(): void {
    this.#end("closed");
  }

  /**
   * What the call comes to, or the error of the ending if that is first. The call itself goes on, and its reply is dropped.
   *
   * @param command the command behind it; `null` for a call without one that can be abandoned
   */
  interruptible(call: Promise<unknown>, command: WatchedCommand | null): Promise<unknown> {
    return this.#unsettled === null ? call : this.#unsettled.add(call, command);
  }

  #end(reason: EndReason): void {
    if (this.#reason === null) {
      this.#reason = reason;
      this.#turns?.letAllGo();
    }
    if (reason === "closed") {
      if (this.#timer) clearTimeout(this.#timer);
      if (this.#onAbort) this.#signal?.removeEventListener("abort", this.#onAbort);
      this.#unsettled?.clear();
      return;
    }
    this.#unsettled?.rejectAll(() => this.error());
  }
}
