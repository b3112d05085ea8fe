import {
  checkedOptions,
  invalidOption,
  isFunction,
  type OptionChecks,
  SWITCH,
  WHOLE_NUMBER,
} from "../option-checks.ts";
import { afterCallback } from "../timers.ts";
import type { ScopeRecord } from "./records.ts";
import type { ScopeStats } from "./round-trips.ts";
import { type CallFacts, type RecordingLimits, ScopeRecording } from "./scope-recording.ts";

/** Is told of each scope that was recorded, when it is closed. */
type Told<Owner> = (record: ScopeRecord, owner: Owner) => void;

interface Asked<Owner> extends RecordingLimits {
  readonly when: (() => boolean) | undefined;
  readonly opened: ((owner: Owner) => void) | undefined;
}

interface Listener<Owner> extends Asked<Owner> {
  readonly told: Told<Owner>;
}

/** The recording of a scope that is open. */
export interface OpenRecording<Owner> {
  readonly recording: ScopeRecording;
  opened(owner: Owner): void;
  closed(owner: Owner, stats: ScopeStats): void;
}

/** Who asks for the records of a client's scopes. */
export class Recordings<Owner> {
  readonly #facts: CallFacts;
  readonly #listeners = new Set<Listener<Owner>>();

  constructor(facts: CallFacts) {
    this.#facts = facts;
  }

  /**
   * Has the scopes recorded that are opened from now on.
   *
   * @returns ends it
   * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION`
   */
  add(told: Told<Owner>, options: unknown): () => void {
    if (typeof told !== "function") {
      throw invalidOption("what record() is given", "a function that takes a record and its scope", told);
    }
    const listener = { told, ...resolveRecordOptions<Owner>(options) };
    this.#listeners.add(listener);
    this.#facts.rememberShared();
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** The recording of a scope that is opened now; `null` where nobody asks for it. */
  open(name: string | undefined): OpenRecording<Owner> | null {
    if (this.#listeners.size === 0) return null;
    const asking = [...this.#listeners].filter(({ when }) => when === undefined || when());
    if (asking.length === 0) return null;
    const recording = new ScopeRecording(name, mostOf(asking), this.#facts);
    return {
      recording,
      opened: (owner) => {
        for (const { opened } of asking) if (opened !== undefined) safely(() => opened(owner));
      },
      closed: (owner, stats) => {
        recording.close();
        for (const listener of asking) {
          if (this.#listeners.has(listener)) safely(() => listener.told(recording.record(stats), owner));
        }
      },
    };
  }
}

// As Node does for the subscribers of a diagnostics channel: whoever listens must not harm what is observed.
function safely(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    afterCallback(() => {
      throw error;
    });
  }
}

/** What satisfies all who ask. */
function mostOf(asking: readonly RecordingLimits[]): RecordingLimits {
  return {
    callSites: asking.some(({ callSites }) => callSites),
    replyUses: asking.some(({ replyUses }) => replyUses),
    maxCalls: Math.max(...asking.map(({ maxCalls }) => maxCalls)),
    maxCallSites: Math.max(...asking.map(({ maxCallSites }) => maxCallSites)),
  };
}

const CHECKS: OptionChecks<keyof Asked<unknown>> = {
  callSites: SWITCH,
  replyUses: SWITCH,
  maxCalls: WHOLE_NUMBER,
  maxCallSites: WHOLE_NUMBER,
  when: { isRight: isFunction, expected: "a function that returns true or false" },
  opened: { isRight: isFunction, expected: "a function that takes a scope" },
};

function resolveRecordOptions<Owner>(options: unknown = {}): Asked<Owner> {
  const {
    callSites = false,
    replyUses = false,
    maxCalls = 1_000,
    maxCallSites = 200,
    when,
    opened,
  } = checkedOptions<Partial<Asked<Owner>>>(options, CHECKS, "record()");
  return { callSites, replyUses, maxCalls, maxCallSites, when, opened };
}
