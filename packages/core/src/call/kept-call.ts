import { AsyncResource } from "node:async_hooks";
import { dropUnheard, tellCallback } from "../callback.ts";
import type { ClientInternals } from "../client.ts";
import { startCommandTimeout } from "../queues/command-timeout.ts";
import type { Caller } from "./caller.ts";
import type { KeptLine, Place } from "./kept-line.ts";

/** A call that a stage may make now, or keep. */
export interface KeepableCall {
  /** The caller's callback, if it gave one. */
  readonly callback: unknown;
  /** Whoever waits for it; `null` if that never ends. */
  readonly caller: Caller | null;
  /** Makes it now. */
  readonly make: () => unknown;
  /** Whether it has an argument that ioredis throws for: it is made at once then, sends nothing, and throws to its caller. Default `false`. */
  readonly isUnwritable?: (() => boolean) | undefined;
  /** Takes a snapshot of what the call is about. @returns makes it later, for a promise alone */
  readonly keep: () => () => unknown;
}

/** What keeps calls has to know of their client. */
export interface KeptFor {
  readonly line: KeptLine;
  readonly internals: ClientInternals;
}

const ignore = (): void => {};

/**
 * A call that a stage keeps: as it was when it was made, under its caller's async context. It settles once: with its outcome, with the client's
 * `commandTimeout` counted from the call, or when nobody waits for it any more.
 */
export class KeptCall {
  /** What the caller has. */
  readonly promise: Promise<unknown>;
  readonly #line: KeptLine;
  readonly #make: () => unknown;
  // Not by `AsyncResource.bind`: the function that it makes takes 11 us, a hundred thousand of them more than a second.
  readonly #context = new AsyncResource("TickpipeKeptCall");
  readonly #dropped: (error: Error) => void;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #forgetCaller: () => void;
  #place: Place | null;
  #isKept = true;
  #resolve: (outcome: unknown) => void = ignore;
  #reject: (error: unknown) => void = ignore;

  /**
   * @param place its place in the line; `null` for a call that changes the connection's state, and so ends what is before it
   * @param dropped is told if the call is given up while it is kept
   */
  constructor({ line, internals }: KeptFor, call: KeepableCall, place: Place | null, dropped: (error: Error) => void) {
    this.#line = line;
    this.#place = place;
    this.#dropped = dropped;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    tellCallback(this.promise, call.callback);
    this.#make = call.keep();
    this.#timer = startCommandTimeout(internals, (error) => this.#giveUp(error));
    this.#forgetCaller =
      call.caller?.onGone((error) => {
        // Natively it would have been sent, and nothing rejected: nobody need be listening.
        dropUnheard(this.promise);
        this.#giveUp(error);
      }) ?? ignore;
  }

  /** Hands the call on. Does nothing for one that was given up. */
  go(): void {
    if (!this.#isKept) return;
    this.#isKept = false;
    this.#forgetCaller();
    try {
      const made = this.#handOn();
      if (this.#timer === undefined || !(made instanceof Promise)) this.#settle(made);
      else made.then(this.#settle, this.#fail);
    } catch (error) {
      this.#fail(error);
    }
    this.#leave();
  }

  #handOn(): unknown {
    const make = (): unknown => this.#context.runInAsyncScope(this.#make);
    return this.#place === null ? make() : this.#line.within(this.#place, make);
  }

  #giveUp(error: Error): void {
    if (this.#isKept) {
      this.#isKept = false;
      this.#forgetCaller?.();
      this.#dropped(error);
      // A change of state holds up others until its turn comes; then it does nothing.
      this.#leave();
    }
    this.#fail(error);
  }

  #leave(): void {
    const place = this.#place;
    this.#place = null;
    if (place !== null) this.#line.leave(place);
  }

  readonly #settle = (outcome: unknown): void => {
    clearTimeout(this.#timer);
    this.#resolve(outcome);
  };

  readonly #fail = (error: unknown): void => {
    clearTimeout(this.#timer);
    this.#reject(error);
  };
}

/** Makes a call behind the changes of the connection's state that were called before it. To be asked only while the line is busy. */
export function behindChanges(kept: KeptFor, call: KeepableCall, changesState: boolean): unknown {
  if (call.isUnwritable?.()) return call.make();
  const { line } = kept;
  if (changesState) {
    const change = new KeptCall(kept, call, null, ignore);
    line.change(() => change.go());
    return change.promise;
  }
  if (!line.isHeld) return call.make();
  const place = line.enter();
  const held = new KeptCall(kept, call, place, ignore);
  line.hold(place, () => held.go());
  return held.promise;
}
