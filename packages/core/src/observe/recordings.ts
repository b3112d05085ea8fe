import { invalidOption, rejectUnknownOptions } from "../options.ts";
import type { RecordOptions, ScopeRecord } from "./records.ts";
import type { ScopeStats } from "./round-trips.ts";
import { type CallFacts, type RecordingLimits, ScopeRecording } from "./scope-recording.ts";

/** Is told of each scope that was recorded, when it is closed. */
type Told<Owner> = (record: ScopeRecord, owner: Owner) => void;

interface Listener<Owner> extends RecordingLimits {
  readonly told: Told<Owner>;
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
    const listener = { told, ...resolveRecordOptions(options) };
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** The recording of a scope that is opened now; `null` where nobody asks for it. */
  open(
    name: string | undefined,
  ): { recording: ScopeRecording; close(owner: Owner, stats: () => ScopeStats): void } | null {
    if (this.#listeners.size === 0) return null;
    const asking = [...this.#listeners];
    const recording = new ScopeRecording(name, mostOf(asking), this.#facts);
    return {
      recording,
      close: (owner, stats) => {
        recording.close();
        for (const listener of asking) {
          if (this.#listeners.has(listener)) tell(listener.told, recording.record(stats()), owner);
        }
      },
    };
  }
}

// As Node does for the subscribers of a diagnostics channel: whoever listens must not harm what is observed.
function tell<Owner>(told: Told<Owner>, record: ScopeRecord, owner: Owner): void {
  try {
    told(record, owner);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

/** What satisfies all who ask. */
function mostOf(asking: readonly RecordingLimits[]): RecordingLimits {
  return {
    callSites: asking.some(({ callSites }) => callSites),
    maxCalls: Math.max(...asking.map(({ maxCalls }) => maxCalls)),
    maxCallSites: Math.max(...asking.map(({ maxCallSites }) => maxCallSites)),
  };
}

const DEFAULTS: RecordingLimits = { callSites: false, maxCalls: 1_000, maxCallSites: 200 };

function resolveRecordOptions(options: unknown): RecordingLimits {
  if (options === undefined) return DEFAULTS;
  if (typeof options !== "object" || options === null) {
    throw invalidOption("the options of record()", "an object", options);
  }
  rejectUnknownOptions(options, Object.keys(DEFAULTS), "record()");
  const { callSites = false, maxCalls = 1_000, maxCallSites = 200 } = options as RecordOptions;
  if (typeof callSites !== "boolean") {
    throw invalidOption('option "callSites" of record()', "true or false", callSites);
  }
  for (const [name, value] of Object.entries({ maxCalls, maxCallSites })) {
    if (Number.isInteger(value) && value > 0) continue;
    throw invalidOption(`option "${name}" of record()`, "a whole number from 1 on", value);
  }
  return { callSites, maxCalls, maxCallSites };
}
