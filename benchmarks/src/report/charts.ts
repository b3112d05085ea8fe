/* The charts of docs/benchmarks.md: which there are, and from which figures. */
import type { Results, SubjectRounds } from "../results.ts";
import { summarize } from "../statistics.ts";
import { isLimit, OURS } from "../subject-names.ts";
import { barChart } from "./chart.ts";

export interface Chart {
  /** The file's name, without its folder. */
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

const COUNTS = [10, 100, 1_000];

export function chartsOf({ micro, http }: Results): Chart[] {
  const workloads = (micro?.workloads ?? []).filter(
    ({ callsPerTick, valueBytes, commands }) =>
      COUNTS.includes(callsPerTick) && valueBytes === 16 && commands.join() === "get",
  );
  return [
    ...workloads.map(({ name, callsPerTick, subjects }) =>
      chart(
        `get-${callsPerTick}-per-tick`,
        name,
        "calls/s, more is better",
        subjects,
        (round) => round.callsPerSecond,
        0,
      ),
    ),
    ...(micro?.latency ?? []).map(({ name, perSecond, subjects }) =>
      chart(`latency-${perSecond}`, name, "p50 in ms, less is better", subjects, (round) => round.p50Millis, 2),
    ),
    ...(micro?.memory ?? []).map(({ name, subjects }) =>
      chart("memory", name, "bytes of each, less is better", subjects, (round) => round.bytesPerCommand, 0),
    ),
    ...(http?.cases ?? [])
      .filter(({ calls, load }) => calls > 0 && load === "peak")
      .map(({ calls, subjects }) =>
        chart(
          `http-${calls}-calls`,
          `HTTP, Redis calls in a request: ${calls}`,
          "requests/s, more is better",
          subjects,
          (round) => round.requestsPerSecond,
          0,
        ),
      ),
  ];
}

function chart<Round>(
  file: string,
  title: string,
  note: string,
  subjects: readonly SubjectRounds<Round>[],
  figure: (round: Round) => number,
  digits: number,
): Chart {
  const bars = subjects.map(({ name, rounds }) => {
    const { median } = summarize(rounds.map(figure));
    const label = median.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    const role = name === OURS ? "ours" : isLimit(name) ? "limit" : "peer";
    return { name: name.replace("limit: ", ""), value: median, label, role } as const;
  });
  return { file: `${file}.svg`, title, svg: barChart(title, `${note}; medians`, bars) };
}
