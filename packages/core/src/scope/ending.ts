import { Caller, CallerOfBlocking } from "../call/caller.ts";
import type { WatchedCommand } from "../commands/watched-command.ts";
import { TickpipeError } from "../errors.ts";
import { followSignal } from "./signals.ts";
import { Unsettled } from "./unsettled.ts";

/** Why a scope's own view takes no more calls. */
export type RefusalReason = "aborted" | "deadline";

const ERRORS = {
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
  readonly #timer: NodeJS.Timeout | undefined;
  #unfollow: (() => void) | undefined;
  /** Calls that have been sent, whose callers may have to stop waiting; `null` where they finish however the scope ends. */
  readonly #unsettled: Unsettled | null;
  /** Whoever waits for calls that a stage keeps; `null` where those are sent however the scope ends. */
  readonly caller: Caller | null;
  #reason: "closed" | RefusalReason | null = null;
  #abortReason: unknown = undefined;

  /** @param keepsCalls whether a stage of the scope's own keeps calls, of which `abort()` alone says that they are not to be sent */
  constructor({ signal, abortable, deadlineMs }: EndingOptions, keepsCalls: boolean) {
    this.#unsettled = abortable || signal || deadlineMs !== undefined ? new Unsettled() : null;
    this.caller = this.#unsettled !== null || keepsCalls ? new Caller() : null;
    if (deadlineMs !== undefined) this.#timer = setTimeout(() => this.#refuse("deadline"), deadlineMs).unref();
    if (signal !== undefined) this.#unfollow = followSignal(signal, (reason) => this.abort(reason));
  }

  /** Whether the scope has ended in any way. */
  get hasEnded(): boolean {
    return this.#reason !== null;
  }

  /** Why calls are refused; `null` while none is, and after a close in good order. */
  get refusal(): RefusalReason | null {
    return this.#reason === "closed" ? null : this.#reason;
  }

  /** Whoever waits for one call. @param mayBlock whether the call's command may wait on the server */
  callerOf(mayBlock: boolean): Caller | null {
    return mayBlock && this.caller !== null ? new CallerOfBlocking(this.caller) : this.caller;
  }

  /** The error of a call that comes too late, each time a new one. */
  error(): TickpipeError {
    const reason = this.refusal ?? "aborted";
    const cause = reason === "aborted" ? { cause: this.#abortReason } : undefined;
    return new TickpipeError(ERRORS[reason].code, ERRORS[reason].message, cause);
  }

  abort(reason: unknown): void {
    if (this.#reason === null) this.#abortReason = reason;
    this.#refuse("aborted");
  }

  close(): void {
    this.#reason ??= "closed";
    if (this.#timer) clearTimeout(this.#timer);
    this.#unfollow?.();
    this.#unsettled?.clear();
  }

  /**
   * What the call comes to, or the error of the ending if that is first. The call itself goes on, and its reply is dropped.
   *
   * @param command the command behind it; `null` for a call without one that can be abandoned
   * @param caller whoever waits for it
   */
  interruptible(call: Promise<unknown>, command: WatchedCommand | null, caller: Caller | null): Promise<unknown> {
    return this.#unsettled === null ? call : this.#unsettled.add(call, command, caller);
  }

  #refuse(reason: RefusalReason): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    const makeError = (): TickpipeError => this.error();
    this.#unsettled?.rejectAll(makeError);
    this.caller?.leave(makeError);
  }
}
