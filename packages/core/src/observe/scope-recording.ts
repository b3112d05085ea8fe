import type { GatedCall } from "../commands/gated-call.ts";
import { sizeOfReply } from "../replies/size-of-reply.ts";
import { takeCallSite } from "./call-site.ts";
import { errorLabel } from "./error-label.ts";
import type { CallSite, RecordedCall, ScopeRecord } from "./records.ts";
import { ReplyUses } from "./reply-uses.ts";
import type { ScopeStats } from "./round-trips.ts";

/** What is recorded of a scope, and how much. */
export interface RecordingLimits {
  readonly callSites: boolean;
  readonly replyUses: boolean;
  readonly maxCalls: number;
  readonly maxCallSites: number;
}

/** What a recording asks about calls. */
export interface CallFacts {
  /** The command of a call, in lower case, and its keys as text. */
  about(call: GatedCall): { readonly command: string; readonly keys: readonly string[] };
  /** Has it remembered from now on which calls get the reply to another one. */
  rememberShared(): void;
  /** Whether the call with this very list of arguments got the reply to another one. */
  wasShared(args: readonly unknown[]): boolean;
  /** Whether what is called now has to wait behind a blocking call. */
  isBehindBlocking(): boolean;
}

/** The record of one scope in the making. */
export class ScopeRecording {
  readonly #name: string | undefined;
  readonly #limits: RecordingLimits;
  readonly #facts: CallFacts;
  readonly #openedAt = Date.now();
  readonly #start = performance.now();
  readonly #calls: CallInRecord[] = [];
  readonly #uses: ReplyUses | null;
  #closedMs: number | null = null;
  #droppedCalls = 0;
  #callSites = 0;
  #droppedCallSites = 0;

  constructor(name: string | undefined, limits: RecordingLimits, facts: CallFacts) {
    this.#name = name;
    this.#limits = limits;
    this.#uses = limits.replyUses ? new ReplyUses() : null;
    this.#facts = facts;
  }

  /**
   * Notes a call, in the stack of its caller.
   *
   * @param roundTrip the wave that it would belong to if it were sent now
   * @returns what is to be told how it goes on; `null` beyond the cap
   */
  called(call: GatedCall, roundTrip: number): CallInRecord | null {
    if (this.#calls.length >= this.#limits.maxCalls) {
      this.#droppedCalls += 1;
      return null;
    }
    try {
      const noted = new CallInRecord(this.#facts, this.#start, call, roundTrip, this.#callSite());
      if (this.#uses !== null) noted.watchUses(this.#uses, this.#calls.length, call.args);
      this.#calls.push(noted);
      return noted;
    } catch {
      // An argument of the user's own making, such as a Proxy, may throw when it is looked at. The call itself is to come to what it would come to.
      this.#droppedCalls += 1;
      return null;
    }
  }

  /** Ends the time that the record tells of. */
  close(): void {
    this.#closedMs ??= performance.now() - this.#start;
    this.#uses?.forget();
  }

  record(stats: ScopeStats): ScopeRecord {
    return {
      name: this.#name,
      openedAt: this.#openedAt,
      durationMs: this.#closedMs ?? performance.now() - this.#start,
      calls: [...this.#calls],
      droppedCalls: this.#droppedCalls,
      droppedCallSites: this.#droppedCallSites,
      stats,
    };
  }

  #callSite(): CallSite | null {
    if (!this.#limits.callSites) return null;
    if (this.#callSites >= this.#limits.maxCallSites) {
      this.#droppedCallSites += 1;
      return null;
    }
    this.#callSites += 1;
    return takeCallSite(this.called);
  }
}

/** A call, as it is recorded; told how it goes on. */
export class CallInRecord implements RecordedCall {
  readonly command: string;
  readonly method: string;
  commands = 0;
  readonly keys: readonly string[];
  readonly startedMs: number;
  endedMs: number | null = null;
  roundTrip: number;
  answeredBy: RecordedCall["answeredBy"] = "redis";
  readonly behindBlocking?: boolean;
  outcome: RecordedCall["outcome"] = "pending";
  errorName: string | null = null;
  errorCode: string | null = null;
  replyBytes = 0;
  usesRepliesOf?: readonly number[];
  readonly callSite: CallSite | null;
  readonly #facts: CallFacts;
  readonly #start: number;
  /** Until it settles: they may hold values. */
  #args: readonly unknown[] | null;
  #brought: ((reply: unknown) => void) | null = null;

  constructor(facts: CallFacts, start: number, call: GatedCall, roundTrip: number, callSite: CallSite | null) {
    const { command, keys } = facts.about(call);
    this.#facts = facts;
    if (facts.isBehindBlocking()) this.behindBlocking = true;
    this.#start = start;
    this.#args = call.args;
    this.command = command;
    this.method = call.method;
    this.keys = keys;
    this.startedMs = performance.now() - start;
    this.roundTrip = roundTrip;
    this.callSite = callSite;
  }

  /** @param index its place among the scope's calls */
  watchUses(uses: ReplyUses, index: number, args: readonly unknown[]): void {
    const words = uses.wordsOf(args);
    this.usesRepliesOf = uses.bringersOf(words);
    this.#brought = (reply) => uses.brought(index, words, reply);
  }

  sending(commands: number, roundTrip: number): void {
    this.commands = commands;
    this.roundTrip = roundTrip;
  }

  /** To be called after the call was made. One that waits for room is made later, so that it is asked about again when it settles. */
  sent(): void {
    if (this.#args === null || !this.#facts.wasShared(this.#args)) return;
    this.commands = 0;
    this.answeredBy = "dedupe";
  }

  answeredFromMemo(reply: unknown): void {
    this.answeredBy = "memo";
    this.answered(reply);
  }

  /** @param error the first error that a result holds which came without failing; `undefined` without one */
  answered(reply: unknown, error?: unknown): void {
    try {
      this.replyBytes = sizeOfReply(reply);
      this.#brought?.(reply);
    } catch {
      // A reply transformer of the user's own may make anything of a reply, such as an object that holds itself.
    }
    if (error === undefined) this.#end("ok");
    else this.failed(error);
  }

  failed(error: unknown): void {
    const { name, code } = errorLabel(error);
    this.errorName = name;
    this.errorCode = code;
    this.#end("error");
  }

  #end(outcome: RecordedCall["outcome"]): void {
    this.sent();
    this.#args = this.#brought = null;
    this.endedMs = performance.now() - this.#start;
    this.outcome = outcome;
  }
}
