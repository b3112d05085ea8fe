import type { KeptFor } from "../call/kept-call.ts";
import { dropUnheard, tellCallback } from "../callback.ts";
import type { CallGate, GatedCall, PlainCalls } from "../commands/gated-call.ts";
import type { ScopeRecord } from "../observe/records.ts";
import { RoundTripTally, type ScopeStats } from "../observe/round-trips.ts";
import type { CallInRecord, ScopeRecording } from "../observe/scope-recording.ts";
import { watchCall, watchMade } from "../observe/watched-call.ts";
import { Memo } from "../reads/memo.ts";
import { Budget } from "./budget.ts";
import { Ending } from "./ending.ts";
import type { ResolvedScopeOptions } from "./scope-options.ts";
import { SentCall, type ToldOfCalls } from "./sent-call.ts";
import { Turns } from "./turns.ts";

/** One scope as its views' calls pass through it: whether they are made, when, and what they come to is noted here. */
export class CallScope implements CallGate {
  readonly name: string | undefined;
  controls?: object;
  /** The scope as its user holds it. */
  handle: object | null = null;
  #fresh: FreshGate | null = null;
  readonly #tally = new RoundTripTally();
  readonly #ending: Ending;
  readonly #turns: Turns | null;
  readonly #memo: Memo | null;
  readonly #told: ToldOfCalls;
  readonly runPlain: CallGate["runPlain"];
  readonly #budget: Budget | null;
  readonly #recording: ScopeRecording | null;
  #closed: (() => void)[] | null = null;

  /**
   * @param recording where its calls are recorded; `null` while nobody asks for that
   * @param kept where those of its calls are that wait for their turn
   */
  constructor(options: ResolvedScopeOptions, recording: ScopeRecording | null, kept: KeptFor) {
    const { name, maxPerTick, memo, maxCommands, maxRoundTrips } = options;
    this.name = name;
    this.#budget = maxCommands === undefined && maxRoundTrips === undefined ? null : new Budget(options, name);
    this.#turns = maxPerTick === undefined ? null : new Turns(kept, maxPerTick);
    this.#memo = memo === false ? null : new Memo(memo === true ? null : new Set(memo));
    this.#told = { tally: this.#tally, memo: this.#memo };
    this.#ending = new Ending(options, this.#turns);
    this.#recording = recording;
    const isOnlyCounted = [this.#memo, this.#budget, this.#turns, recording].every((part) => part === null);
    this.runPlain = isOnlyCounted ? this.#runPlain : null;
  }

  /** The scope behind one of its two gates; `null` for a gate of no scope. */
  static of(gate: CallGate | null): CallScope | null {
    if (gate instanceof FreshGate) return gate.scope;
    return gate instanceof CallScope ? gate : null;
  }

  /** The same scope, whose reads always go to Redis. */
  get fresh(): CallGate {
    this.#fresh ??= new FreshGate(this);
    return this.#fresh;
  }

  /** Whether it was closed, and neither aborted nor late before. */
  get isClosed(): boolean {
    return this.#ending.reason === "closed";
  }

  stats(): ScopeStats {
    return this.#tally.snapshot();
  }

  /** What has been called so far; `undefined` if it is not recorded. */
  record(): ScopeRecord | undefined {
    return this.#recording?.record(this.stats());
  }

  /** Has `listener` called once, when the scope is closed. */
  onceClosed(listener: () => void): void {
    this.#closed ??= [];
    this.#closed.push(listener);
  }

  abort(reason: unknown): void {
    this.#ending.abort(reason);
  }

  close(): void {
    this.#ending.close();
    const closed = this.#closed;
    this.#closed = null;
    for (const listener of closed ?? []) listener();
  }

  run(call: GatedCall, isFresh = false): unknown {
    if (this.#ending.reason !== null) return this.#refuse(call.callback, null);
    const recording = this.#recording;
    const noted = recording === null ? null : recording.called(call, this.#tally.wave);
    const memo = this.#memo;
    const key = memo?.keyOf(call) ?? null;
    if (memo !== null && key !== null && !isFresh) {
      const kept = memo.find(key, call);
      if (kept !== undefined) {
        this.#tally.answeredFromMemo();
        noted?.answeredFromMemo(kept.reply);
        return Promise.resolve(kept.reply);
      }
    }
    const overBudget = this.#budget?.refuses(this.#tally, call.commands) ?? null;
    if (overBudget !== null) {
      noted?.failed(overBudget);
      return tellCallback(Promise.reject(overBudget), call.callback);
    }
    if (!this.#ending.mayInterrupt) return this.#make(call, key, call.send, noted);
    // Both may settle the caller's callback, and it is to be called once.
    const made = this.#make(call, key, call.sendWithoutCallback, noted);
    if (!(made instanceof Promise)) return made;
    return tellCallback(this.#ending.interruptible(made, null), call.callback);
  }

  #runPlain(calls: PlainCalls, args: unknown[]): unknown {
    if (this.#ending.reason !== null) return this.#refuse(undefined, null);
    const watcher = this.#tally.calledInWave(calls.commandsIn(args));
    let made: unknown;
    try {
      made = calls.send(args, null);
    } catch (error) {
      watcher.failed();
      throw error;
    }
    const command = calls.commandOf(made);
    const watched = watchMade(made, command, false, watcher);
    return watched instanceof Promise ? this.#ending.interruptible(watched, command) : watched;
  }

  #make(call: GatedCall, key: string | null, send: GatedCall["send"], noted: CallInRecord | null): unknown {
    if (this.#turns === null || call.changesState()) return this.#send(call, key, send, noted);
    const make = (by: GatedCall["send"]): unknown =>
      this.#ending.reason === null ? this.#send(call, key, by, noted) : this.#refuse(undefined, noted);
    const keep = (): (() => unknown) => {
      const kept = call.keep();
      return () => make(kept);
    };
    const callback = send === call.send ? call.callback : undefined;
    const keepable = { callback, caller: null, make: () => make(send), keep };
    return this.#turns.run(call.commands, keepable, (error) => noted?.failed(error));
  }

  #send(call: GatedCall, key: string | null, send: GatedCall["send"], noted: CallInRecord | null): unknown {
    const hasCallback = typeof call.callback === "function" && send === call.send;
    const sent = new SentCall(this.#told, call, key, noted);
    return watchCall(() => send(null), hasCallback, sent);
  }

  #refuse(callback: unknown, noted: CallInRecord | null): Promise<never> {
    const error = this.#ending.error();
    noted?.failed(error);
    const refused = Promise.reject(error);
    dropUnheard(refused);
    if (this.#ending.reason === "closed") warnOfClosedScope();
    return tellCallback(refused, callback);
  }
}

let hasWarnedOfClosedScope = false;

/** Once in a process: nobody may be waiting for the call, and then its rejection is not heard of. */
function warnOfClosedScope(): void {
  if (hasWarnedOfClosedScope) return;
  hasWarnedOfClosedScope = true;
  process.emitWarning(
    "A call was made in a scope that is closed, such as on req.redis after the response was sent, and was not sent. Call the view that tickpipe() returned instead.",
    { type: "TickpipeWarning", code: "TICKPIPE_SCOPE_CLOSED" },
  );
}

class FreshGate implements CallGate {
  readonly scope: CallScope;
  readonly runPlain: CallGate["runPlain"];
  controls?: object;

  constructor(scope: CallScope) {
    this.scope = scope;
    this.runPlain = scope.runPlain?.bind(scope) ?? null;
  }

  run(call: GatedCall): unknown {
    return this.scope.run(call, true);
  }
}
