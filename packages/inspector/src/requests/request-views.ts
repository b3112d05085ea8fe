import { type Finding, savedMsOf } from "../findings/finding.ts";
import { type Diagnosis, diagnose, type Thresholds, undiagnosed } from "../findings/findings.ts";
import { hasWaited, type Step } from "../findings/steps.ts";
import { SourceFiles, shownPath } from "../source/source-files.ts";
import type { Frame } from "../source/stack.ts";
import type { CallView, FindingView, PlaceView, RequestDetail, RequestSummary } from "../view-model.ts";
import type { LoggedRequest } from "./request-log.ts";

// Taken when the module loads, so that a test suite with fake timers does not stop the page.
const { setImmediate } = globalThis;

/** A list entry has no more of its round trips: they are for two small charts. */
const MOST_BATCHES = 64;

/** What the page shows of a request. Findings are made when a request is first looked at, and its summary is kept as long as the request is. */
export class RequestViews {
  readonly #sources = new SourceFiles();
  readonly #summaries = new WeakMap<LoggedRequest, RequestSummary>();
  readonly #thresholds: Thresholds;
  readonly #redact: (key: string) => string;

  constructor(thresholds: Thresholds, redact: (key: string) => string) {
    this.#thresholds = thresholds;
    this.#redact = redact;
  }

  /** One at a time, so that the application's own work goes in between. */
  async summariesOf(requests: readonly LoggedRequest[]): Promise<RequestSummary[]> {
    const summaries = [];
    for (const request of requests) {
      summaries.push(this.#summaryOf(request));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return summaries;
  }

  #summaryOf(request: LoggedRequest): RequestSummary {
    let summary = this.#summaries.get(request);
    if (summary === undefined) {
      summary = summarise(request, this.#diagnose(request));
      this.#summaries.set(request, summary);
    }
    return summary;
  }

  detailOf(request: LoggedRequest): RequestDetail {
    const diagnosis = this.#diagnose(request);
    const { record, served } = request;
    return {
      ...summarise(request, diagnosis),
      path: served?.path ?? null,
      calls: diagnosis.steps.map((step) => this.#viewOfCall(step)),
      droppedCalls: record.droppedCalls,
      droppedCallSites: record.droppedCallSites,
      memoHits: record.stats.memoHits,
      problems: diagnosis.findings.map((finding) => this.#viewOfFinding(finding)),
    };
  }

  #diagnose({ record }: LoggedRequest): Diagnosis {
    try {
      return diagnose(record, this.#sources, this.#thresholds);
    } catch {
      // An application may write stacks in a way that nobody has thought of: its requests are shown all the same.
      return undiagnosed(record);
    }
  }

  #viewOfCall({ call, stack }: Step): CallView {
    const { method, commands, startedMs, endedMs, roundTrip, answeredBy, outcome, errorName, errorCode, replyBytes } =
      call;
    const [at] = stack.frames;
    return {
      ...{ method, commands, startedMs, endedMs, roundTrip, answeredBy, outcome, replyBytes },
      keys: call.keys.map((key) => this.#shown(key)),
      error: errorCode ?? errorName,
      at: at ? this.#placeOf(at) : null,
    };
  }

  #viewOfFinding(finding: Finding): FindingView {
    const { kind, isGuess, title, advice, steps, movable, at, alsoAt, rewrite } = finding;
    return {
      ...{ kind, isGuess, title, advice, rewrite },
      calls: steps.map(({ index }) => index),
      savedMs: savedMsOf(movable),
      savedRoundTrips: new Set(movable.map(({ call }) => call.roundTrip)).size,
      at: at && this.#placeOf(at),
      alsoAt: alsoAt.map((frame) => this.#placeOf(frame)),
    };
  }

  #placeOf(frame: Frame): PlaceView {
    const { file, line, column } = this.#sources.writtenAt(frame);
    return { file: shownPath(file), line, column, functionName: frame.functionName };
  }

  #shown(key: string): string {
    try {
      const shown: unknown = this.#redact(key);
      return typeof shown === "string" ? shown : HIDDEN;
    } catch {
      return HIDDEN;
    }
  }
}

const HIDDEN = "(hidden)";

function summarise(
  { id, served, record }: LoggedRequest,
  { steps, findings, possibleRoundTrips }: Diagnosis,
): RequestSummary {
  const { stats } = record;
  const waves = wavesOf(steps);
  return {
    id,
    method: served?.method ?? null,
    route: served?.route ?? record.name ?? "a scope without a name",
    status: served?.status ?? null,
    openedAt: record.openedAt,
    totalMs: record.durationMs,
    redisMs: stats.waitedMs,
    commands: stats.commands,
    errors: stats.errors,
    roundTrips: stats.roundTrips,
    possibleRoundTrips,
    findings: findings.map(({ kind }) => kind),
    batches: waves.map(({ commands }) => commands),
    latenciesMs: waves.map(({ from, to }) => Math.max(0, to - from)),
  };
}

interface Wave {
  commands: number;
  from: number;
  to: number;
}

function wavesOf(steps: readonly Step[]): Wave[] {
  const waves = new Map<number, Wave>();
  for (const { call } of steps.filter(hasWaited)) {
    const { startedMs, endedMs } = call;
    const wave = waves.get(call.roundTrip) ?? { commands: 0, from: startedMs, to: startedMs };
    wave.commands += call.commands;
    wave.to = Math.max(wave.to, endedMs ?? startedMs);
    waves.set(call.roundTrip, wave);
  }
  return [...waves.values()].slice(0, MOST_BATCHES);
}
