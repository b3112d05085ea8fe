import { figuresOf, type Measured, type SubjectRounds } from "../results.ts";
import { ratios, type Summary, summarize } from "../statistics.ts";
import { isLimit, OURS } from "../subject-names.ts";

/** tickpipe beside a peer at one thing. */
export interface Comparison {
  readonly what: string;
  readonly peer: string;
  /** How many times as good tickpipe is: over 1 is better, whether more or less of the figure is wanted. */
  readonly times: Summary;
  /** A tie is a ratio whose middle half spans 1: no difference was seen. */
  readonly outcome: "loss" | "tie" | "win";
}

/**
 * tickpipe beside each peer at everything that was measured, the limits excepted. They are no alternatives, and
 * everybody loses to them.
 */
export function comparisons({ micro, cluster, http }: Measured): Comparison[] {
  return [
    ...(micro?.workloads ?? []).flatMap(({ name, subjects }) =>
      compare(`${name}: calls/s`, subjects, ({ callsPerSecond }) => callsPerSecond),
    ),
    ...(cluster?.workloads ?? []).flatMap(({ name, subjects }) =>
      compare(`Cluster, ${name}: calls/s`, subjects, ({ callsPerSecond }) => callsPerSecond),
    ),
    ...(micro?.latency ?? []).flatMap(({ name, subjects }) => [
      ...compare(`${name}: p50`, subjects, ({ p50Millis }) => 1 / p50Millis),
      ...compare(`${name}: p99`, subjects, ({ p99Millis }) => 1 / p99Millis),
    ]),
    ...(micro?.memory ?? []).flatMap(({ name, subjects }) =>
      compare(`${name}: bytes each`, subjects, ({ bytesPerCommand }) => 1 / bytesPerCommand),
    ),
    ...(http?.cases ?? [])
      .filter(({ calls }) => calls > 0)
      .flatMap(({ calls, load, subjects }) => {
        const name = `HTTP, ${calls} ${calls === 1 ? "call" : "calls"} a request`;
        return load === "peak"
          ? compare(`${name}: requests/s`, subjects, ({ requestsPerSecond }) => requestsPerSecond)
          : compare(`${name}, fixed rate: p99`, subjects, ({ p99Millis }) => 1 / p99Millis);
      }),
  ];
}

function compare<Round>(
  what: string,
  subjects: readonly SubjectRounds<Round>[],
  goodness: (round: Round) => number,
): Comparison[] {
  const ours = figuresOf(subjects, OURS, goodness);
  return subjects
    .filter(({ name }) => name !== OURS && !isLimit(name))
    .map(({ name, rounds }) => {
      const times = summarize(ratios(ours, rounds.map(goodness)));
      return { what, peer: name, times, outcome: outcomeOf(times) };
    })
    .filter(({ times }) => !Number.isNaN(times.median));
}

function outcomeOf({ median, low, high }: Summary): Comparison["outcome"] {
  if (low <= 1 && high >= 1) return "tie";
  return median < 1 ? "loss" : "win";
}
