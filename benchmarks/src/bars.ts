/* What tickpipe is held to: one table, for the terminal and for docs/benchmarks.md. */
import {
  figuresOf,
  type HttpRound,
  type Latency,
  type Measured,
  type Memory,
  type SubjectRounds,
  type Throughput,
  type WorkloadResult,
} from "./results.ts";
import { ratios, type Summary, spread, summarize } from "./statistics.ts";
import { AUTO_PIPELINING, BASELINE, NO_REDIS, NODE_REDIS, OURS, PIPELINE } from "./subject-names.ts";

interface Bar {
  readonly what: string;
  readonly limit: number;
  /** Whether the figure is to reach the limit, or not to pass it. */
  readonly is: "at least" | "at most";
  readonly unit: "x" | " us";
  /** The figure in each round; none where the results do not have it. */
  figures(results: Measured): readonly number[];
}

/** A bar beside what was measured. */
export interface Verdict {
  readonly what: string;
  readonly measured: Summary;
  /** Of the figures, as "2.31-2.54"; empty where the bar was not measured. */
  readonly middleHalf: string;
  /** The median, as "2.46x"; rounded against tickpipe, so that a figure that is shown at its bar has met it. */
  readonly shown: string;
  /** As "at least 2.30x". */
  readonly bar: string;
  readonly outcome: "met" | "missed" | "not measured";
}

/** tickpipe's figure over a peer's, in each round. */
function compared<Round>(
  subjects: readonly SubjectRounds<Round>[] | undefined,
  figure: (round: Round) => number,
  peer: string,
): number[] {
  return ratios(figuresOf(subjects, OURS, figure), figuresOf(subjects, peer, figure));
}

const callsPerSecond = (round: Throughput): number => round.callsPerSecond;
const cpuPerCall = (round: Throughput): number => round.cpuMicrosPerCall;
const p50 = (round: Latency): number => round.p50Millis;
const bytes = (round: Memory): number => round.bytesPerCommand;
const requestsPerSecond = (round: HttpRound): number => round.requestsPerSecond;

const smallGetsOf = (
  workloads: readonly WorkloadResult[] | undefined,
  callsPerTick: number,
): readonly SubjectRounds<Throughput>[] | undefined =>
  workloads?.find(
    (workload) =>
      workload.callsPerTick === callsPerTick && workload.valueBytes === 16 && workload.commands.join() === "get",
  )?.subjects;

const smallGets = ({ micro }: Measured, callsPerTick: number): readonly SubjectRounds<Throughput>[] | undefined =>
  smallGetsOf(micro?.workloads, callsPerTick);

const atPeak = ({ http }: Measured, calls: number): readonly SubjectRounds<HttpRound>[] | undefined =>
  http?.cases.find((one) => one.calls === calls && one.load === "peak")?.subjects;

const gets = (callsPerTick: number, peer: string, limit: number): Bar => ({
  what: `GET, ${callsPerTick} per tick, calls/s to ${peer}`,
  limit,
  is: "at least",
  unit: "x",
  figures: (results) => compared(smallGets(results, callsPerTick), callsPerSecond, peer),
});

const latency = (perSecond: number): Bar => ({
  what: `2 ms round trip, ${perSecond.toLocaleString("en")} calls/s, p50 to ${BASELINE}`,
  limit: 1.05,
  is: "at most",
  unit: "x",
  figures: ({ micro }) =>
    compared(micro?.latency.find((result) => result.perSecond === perSecond)?.subjects, p50, BASELINE),
});

const onCluster = (peer: string, limit: number): Bar => ({
  what: `Cluster, GET, 100 per tick, calls/s to ${peer}`,
  limit,
  is: "at least",
  unit: "x",
  figures: ({ cluster }) => compared(smallGetsOf(cluster?.workloads, 100), callsPerSecond, peer),
});

const http = (peer: string, limit: number): Bar => ({
  what: `HTTP, 20 calls a request, requests/s to ${peer}`,
  limit,
  is: "at least",
  unit: "x",
  figures: (results) => compared(atPeak(results, 20), requestsPerSecond, peer),
});

const BARS: readonly Bar[] = [
  gets(100, AUTO_PIPELINING, 2.3),
  gets(100, PIPELINE, 1.8),
  gets(100, NODE_REDIS, 4),
  gets(10, AUTO_PIPELINING, 1.7),
  gets(10, PIPELINE, 1.5),
  gets(1, BASELINE, 0.95),
  {
    what: `GET, 1 per tick, CPU per call to ${BASELINE}`,
    limit: 1.05,
    is: "at most",
    unit: "x",
    figures: (results) => compared(smallGets(results, 1), cpuPerCall, BASELINE),
  },
  onCluster(AUTO_PIPELINING, 1.8),
  latency(500),
  latency(5_000),
  http(BASELINE, 1.9),
  http(AUTO_PIPELINING, 1.5),
  http(PIPELINE, 1.5),
  {
    what: "HTTP, 20 calls a request, server CPU of a Redis call",
    limit: 1.2,
    is: "at most",
    unit: " us",
    figures: (results) =>
      figuresOf(atPeak(results, 20), OURS, ({ cpuMicrosPerCall }) => cpuMicrosPerCall ?? Number.NaN),
  },
  {
    what: "HTTP, 5 calls a request, requests/s to the app without Redis",
    limit: 0.9,
    is: "at least",
    unit: "x",
    figures: (results) => compared(atPeak(results, 5), requestsPerSecond, NO_REDIS),
  },
  {
    what: "GET, 10,000 per tick, calls/s to 1,000 per tick",
    limit: 0.8,
    is: "at least",
    unit: "x",
    figures: (results) => growthOf(results, OURS),
  },
  {
    what: `memory of a pending command, to ${BASELINE}`,
    limit: 1,
    is: "at most",
    unit: "x",
    figures: ({ micro }) => compared(micro?.memory[0]?.subjects, bytes, BASELINE),
  },
];

/** A subject's calls/s at 10,000 GETs per tick over those at 1,000, in each turn; empty where it was not measured. */
export function growthOf(results: Measured, subject: string): number[] {
  const [few, many] = [1_000, 10_000].map((callsPerTick) =>
    figuresOf(smallGets(results, callsPerTick), subject, callsPerSecond),
  ) as [number[], number[]];
  return ratios(many, few);
}

/** Each bar for whose subjects the results have rounds. */
export function verdicts(results: Measured): Verdict[] {
  return BARS.flatMap(({ what, limit, is, unit, figures }) => {
    const found = figures(results);
    if (found.length === 0) return [];
    const measured = summarize(found.filter(Number.isFinite));
    // What costs less than nothing, or nothing, is the machine's noise.
    const isKnown = measured.median > 0;
    const rounded = againstUs(measured, is);
    const figure = rounded.median;
    const isMet = is === "at least" ? figure >= limit : figure <= limit;
    const outcome = !isKnown ? "not measured" : isMet ? "met" : "missed";
    const shown = isKnown ? `${figure.toFixed(2)}${unit}` : "?";
    const middleHalf = isKnown ? spread(rounded) : "";
    return [{ what, measured, middleHalf, shown, bar: `${is} ${limit.toFixed(2)}${unit}`, outcome }];
  });
}

/** To two digits, as the limits have. The hair is for figures that have two: 2.3 * 100 is 229.99999999999997. */
function againstUs({ median, low, high }: Summary, is: Bar["is"]): Summary {
  const round = (figure: number): number =>
    (is === "at least" ? Math.floor(figure * 100 + 1e-9) : Math.ceil(figure * 100 - 1e-9)) / 100;
  return { median: round(median), low: round(low), high: round(high) };
}

/** Each of them on a line, for a terminal. */
export function barLines(results: Measured): string {
  const all = verdicts(results);
  const width = Math.max(...all.map(({ what }) => what.length));
  return all
    .map(({ what, middleHalf, shown, bar, outcome }) =>
      [what.padEnd(width), shown.padStart(8), middleHalf.padStart(11), `bar: ${bar}`.padEnd(19), outcome].join("  "),
    )
    .join("\n");
}
