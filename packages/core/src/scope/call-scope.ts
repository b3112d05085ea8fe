import type { Caller } from "../call/caller.ts";
import type { KeptFor } from "../call/kept-call.ts";
import { dropUnheard, tellCallback } from "../callback.ts";
import type { CallGate, GatedCall, PlainCalls } from "../commands/gated-call.ts";
import { UNKNOWN } from "../commands/table.ts";
import type { ScopeRecord } from "../observe/records.ts";
import type { ScopeStats } from "../observe/round-trips.ts";
import type { ScopeRecording } from "../observe/scope-recording.ts";
import { watchMade } from "../observe/watched-call.ts";
import { Memo } from "../reads/memo.ts";
import { ActingGate, ObservingGate } from "./ambient-gates.ts";
import { Budget } from "./budget.ts";
import { Ending } from "./ending.ts";
import { FreshGate } from "./fresh-gate.ts";
import { ScopeCounts } from "./scope-counts.ts";
import type { ResolvedScopeOptions } from "./scope-options.ts";
import { SentCall } from "./sent-call.ts";
import { Turns } from "./turns.ts";

/** Who makes a call in a scope: its own view, or one of no scope in its async context, which is never refused. */
export type MadeBy = "own view" | "fresh view" | "other view";

/** One scope as its own view's calls pass through it: whether they are made, when, and what they come to is noted here. */
export class CallScope implements CallGate {
  readonly name: string | undefined;
  controls?: object;
  /** The scope as its user holds it. */
  handle: object | null = null;
  readonly counts: ScopeCounts;
  readonly #ending: Ending;
  readonly #turns: Turns | null;
  readonly #budget: Budget | null;
  #memo: Memo | null;
  #recording: ScopeRecording | null;
  #fresh: FreshGate | null = null;
  #acting: ActingGate | null = null;
  #observing: ObservingGate | null = null;
  #closed: Set<() => void> | null = null;
  runPlain: CallGate["runPlain"];

  /**
   * @param recording where its calls are recorded; `null` while nobody asks for that
   * @param isObserved whether somebody asks for what is called in its async context as well
   * @param kept where those of its calls are that wait for their turn
   */
  constructor(options: ResolvedScopeOptions, recording: ScopeRecording | null, isObserved: boolean, kept: KeptFor) {
    const { name, maxPerTick, memo, maxCommands, maxRoundTrips } = options;
    this.name = name;
    this.counts = new ScopeCounts(isObserved);
    this.#budget = maxCommands === undefined && maxRoundTrips === undefined ? null : new Budget(options, name);
    this.#turns = maxPerTick === undefined ? null : new Turns(kept, maxPerTick);
    this.#memo = memo === false ? null : new Memo(memo === true ? null : new Set(memo));
    this.#ending = new Ending(options, this.#turns !== null);
    this.#recording = recording;
    const isOnlyCounted = !isObserved && [this.#memo, this.#budget, this.#turns].every((part) => part === null);
    this.runPlain = isOnlyCounted ? this.#runPlain : null;
  }

  /** The scope behind a gate in which calls act; `null` for a gate of none, and for one that only observes. */
  static of(gate: CallGate | null): CallScope | null {
    if (gate instanceof CallScope) return gate;
    return gate instanceof FreshGate || gate instanceof ActingGate ? gate.scope : null;
  }

  /** The same scope, whose reads always go to Redis. */
  get fresh(): CallGate {
    this.#fresh ??= new FreshGate(this);
    return this.#fresh;
  }

  /** For calls of views of no scope that are to act in this one. */
  get acting(): ActingGate {
    this.#acting ??= new ActingGate(this);
    return this.#acting;
  }

  /** For calls of views of no scope that are counted and recorded here, and nothing else. */
  get observing(): ObservingGate {
    this.#observing ??= new ObservingGate(this);
    return this.#observing;
  }

  /** Counts from now on what is called in the scope's async context. */
  observe(): void {
    this.counts.observe();
    // Own calls are counted in two places then.
    this.runPlain = null;
  }

  get recording(): ScopeRecording | null {
    return this.#recording;
  }

  /** Whether somebody asks for what is called in the scope. */
  get isObserved(): boolean {
    return this.counts.areObserved;
  }

  get refuses(): boolean {
    return this.#ending.refusal !== null;
  }

  /** Whether its view is a plain view: it was closed in good order, and none of its calls waits for a turn. */
  get isPlain(): boolean {
    return this.#ending.hasEnded && this.#ending.refusal === null && !this.#hasWaiting;
  }

  /** Whether it has ended in any way, and none of its calls waits for a turn. */
  get isOver(): boolean {
    return this.#ending.hasEnded && !this.#hasWaiting;
  }

  get #hasWaiting(): boolean {
    return this.#turns?.hasWaiting ?? false;
  }

  /** Why calls are refused, as a new error; `null` while none is, and after a close in good order. */
  refusal(): Error | null {
    return this.#ending.refusal === null ? null : this.#ending.error();
  }

  /** What work for this scope that sends no command comes to, or the error of the scope's end if that is first. */
  interruptible<T>(work: Promise<T>): Promise<T> {
    return this.#ending.interruptible(work, null, this.#ending.callerOf(false)) as Promise<T>;
  }

  stats(): ScopeStats {
    return this.counts.own.snapshot();
  }

  /** What has been called so far; `undefined` if it is not recorded, and once the scope is closed. */
  record(): ScopeRecord | undefined {
    return this.#recording?.record(this.counts.all.snapshot());
  }

  /** Has `listener` called once, when the scope is closed; not at all if it is closed already. */
  onceClosed(listener: () => void): void {
    this.#closed ??= new Set();
    this.#closed.add(listener);
  }

  abort(reason: unknown): void {
    this.#ending.abort(reason);
  }

  /** Ends it, and lets go of what it has kept: who holds its view, such as a timer of the request's, may hold it for long. */
  close(): void {
    this.#ending.close();
    const closed = this.#closed;
    this.#closed = null;
    for (const listener of closed ?? []) listener();
    this.#memo = this.#recording = null;
  }

  /** Notes that a call may have written anything, of which nobody knows what it is. */
  calledAnything(): void {
    this.#memo?.called(UNKNOWN_CALL);
  }

  get hasMemo(): boolean {
    return this.#memo !== null;
  }

  run(call: GatedCall, by: MadeBy = "own view"): unknown {
    const isOwn = by !== "other view";
    if (this.#ending.hasEnded) return this.#runAfterEnd(call, isOwn);
    const noted = this.#recording?.called(call, this.counts.all.wave) ?? null;
    const memo = this.#memo;
    const key = memo?.keyOf(call) ?? null;
    if (memo !== null && key !== null && by !== "fresh view") {
      const kept = memo.find(key, call);
      if (kept !== undefined) {
        this.counts.answeredFromMemo();
        noted?.answeredFromMemo(kept.reply);
        return Promise.resolve(kept.reply);
      }
    }
    const overBudget = isOwn ? (this.#budget?.refuses(this.counts.own, call.commands) ?? null) : null;
    if (overBudget !== null) {
      noted?.failed(overBudget);
      return refused(overBudget, call.callback);
    }
    const sent = new SentCall({ tallies: this.counts.ofOwn, memo }, call, key, noted);
    const caller = isOwn ? this.#ending.callerOf(call.mayBlock ?? false) : null;
    const make = (send: GatedCall["send"]): unknown => sent.make(send, caller);
    // ioredis throws for an argument without a text, and calls back as well.
    if (caller === null || call.isUnwritable?.()) return this.#inTurn(call, null, call.send, make, sent);
    // Both may settle the caller's callback, and it is to be called once.
    const made = this.#inTurn(call, caller, call.sendWithoutCallback, make, sent);
    if (!(made instanceof Promise)) return made;
    return tellCallback(this.#ending.interruptible(made, null, caller), call.callback);
  }

  #runPlain(calls: PlainCalls, args: unknown[]): unknown {
    if (this.#ending.hasEnded) return this.#ending.refusal === null ? calls.send(args, null) : this.#refuse(undefined);
    const watcher = this.counts.own.calledInWave(calls.commandsIn(args));
    const caller = this.#ending.callerOf(calls.mayBlock);
    let made: unknown;
    try {
      made = calls.send(args, caller);
    } catch (error) {
      watcher.failed();
      throw error;
    }
    const command = calls.commandOf(made);
    const watched = watchMade(made, command, false, watcher);
    return watched instanceof Promise ? this.#ending.interruptible(watched, command, caller) : watched;
  }

  /** In a scope that was closed in good order, calls are plain ones, behind those that still wait. Of one that was aborted or late, only its own are refused. */
  #runAfterEnd(call: GatedCall, isOwn: boolean): unknown {
    if (isOwn && this.#ending.refusal !== null) return this.#refuse(call.callback);
    return this.#hasWaiting ? this.#inTurn(call, null, call.send, (send) => send(null), null) : call.send(null);
  }

  /** @param send the way to make it now. @param make makes it by a way: this one, or the snapshot's if it has to wait */
  #inTurn(
    call: GatedCall,
    caller: Caller | null,
    send: GatedCall["send"],
    make: (send: GatedCall["send"]) => unknown,
    sent: SentCall | null,
  ): unknown {
    if (this.#turns === null || call.changesState()) return make(send);
    const keep = (): (() => unknown) => {
      const kept = call.keep();
      return () => make(kept);
    };
    const callback = send === call.send ? call.callback : undefined;
    const { commands, isUnwritable } = call;
    return this.#turns.run(commands, { callback, caller, isUnwritable, make: () => make(send), keep }, (error) =>
      sent?.failed(error),
    );
  }

  #refuse(callback: unknown): Promise<never> {
    return refused(this.#ending.error(), callback);
  }
}

const UNKNOWN_CALL = { method: "", effect: UNKNOWN, args: [] } as const;

/** Rejects a call that nobody may be waiting for: the plain client would have sent it, and rejected nothing. */
function refused(error: Error, callback: unknown): Promise<never> {
  const rejected = Promise.reject(error);
  dropUnheard(rejected);
  return tellCallback(rejected, callback);
}
