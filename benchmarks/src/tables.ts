/* The tables of the results, for a terminal and for docs/benchmarks.md alike. */
import {
  type ClusterResult,
  figuresOf,
  type HttpCase,
  type LatencyResult,
  type MemoryResult,
  type SubjectRounds,
  type WorkloadResult,
} from "./results.ts";
import { ratios, spread, summarize } from "./statistics.ts";
import { BASELINE, OURS } from "./subject-names.ts";

/** Titles, and a row for each subject, whose name comes first. */
export interface Table {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A figure of a subject's rounds, of which the table shows the median; nothing where it is not a number. */
interface Column<Round> {
  readonly title: string;
  figure(round: Round): number;
  readonly digits: number;
}

export function throughputTable({ subjects }: WorkloadResult): Table {
  return subjectTable(
    subjects,
    [
      { title: "calls/s", figure: ({ callsPerSecond }) => callsPerSecond, digits: 0 },
      { title: "CPU us/call", figure: ({ cpuMicrosPerCall }) => cpuMicrosPerCall, digits: 2 },
    ],
    ({ callsPerSecond }) => callsPerSecond,
  );
}

/** With the writes to each master in a tick, which are not told apart by rounds. */
export function clusterTable(result: ClusterResult): Table {
  const { titles, rows } = throughputTable(result);
  const withWrites = rows.map(([name = "", ...figures]) => {
    const writes = result.writesPerNode[name] ?? Number.NaN;
    return [name, ...figures.slice(0, 2), decimal(writes, 2), ...figures.slice(2)];
  });
  return withoutEmpty([...titles.slice(0, 3), "writes/node", ...titles.slice(3)], withWrites);
}

export function latencyTable({ subjects }: LatencyResult): Table {
  return subjectTable(
    subjects,
    [
      { title: "p50 ms", figure: ({ p50Millis }) => p50Millis, digits: 2 },
      { title: "p99 ms", figure: ({ p99Millis }) => p99Millis, digits: 2 },
      { title: "CPU us/call", figure: ({ cpuMicrosPerCall }) => cpuMicrosPerCall, digits: 1 },
    ],
    ({ p50Millis }) => p50Millis,
  );
}

export function memoryTable({ subjects }: MemoryResult): Table {
  return subjectTable(
    subjects,
    [{ title: "bytes each", figure: ({ bytesPerCommand }) => bytesPerCommand, digits: 0 }],
    ({ bytesPerCommand }) => bytesPerCommand,
  );
}

export function httpTable({ subjects, load }: HttpCase): Table {
  return subjectTable(
    subjects,
    [
      { title: "requests/s", figure: ({ requestsPerSecond }) => requestsPerSecond, digits: 0 },
      { title: "p50 ms", figure: ({ p50Millis }) => p50Millis, digits: 2 },
      { title: "p99 ms", figure: ({ p99Millis }) => p99Millis, digits: 2 },
      { title: "CPU us/request", figure: ({ cpuMicrosPerRequest }) => cpuMicrosPerRequest, digits: 0 },
      { title: "CPU us/call", figure: ({ cpuMicrosPerCall }) => cpuMicrosPerCall ?? Number.NaN, digits: 2 },
    ],
    // With one rate for all, what differs is how long the slowest requests take.
    load === "peak" ? ({ requestsPerSecond }) => requestsPerSecond : ({ p99Millis }) => p99Millis,
  );
}

function subjectTable<Round>(
  subjects: readonly SubjectRounds<Round>[],
  columns: readonly Column<Round>[],
  compared: (round: Round) => number,
): Table {
  const [baseline, ours] = [BASELINE, OURS].map((name) => figuresOf(subjects, name, compared)) as [number[], number[]];
  const rows = subjects.map(({ name, rounds }) => {
    const own = rounds.map(compared);
    const toBaseline = summarize(ratios(own, baseline));
    return [
      name,
      ...columns.map(({ figure, digits }) => decimal(summarize(rounds.map(figure)).median, digits)),
      decimal(toBaseline.median, 2, "x"),
      Number.isNaN(toBaseline.median) ? "" : spread(toBaseline),
      decimal(summarize(ratios(ours, own)).median, 2, "x"),
    ];
  });
  const titles = ["", ...columns.map(({ title }) => title), `to ${BASELINE}`, "middle half", `${OURS} to it`];
  return withoutEmpty(titles, rows);
}

/** A run of some subjects only may have nothing to compare with. */
function withoutEmpty(titles: readonly string[], rows: Table["rows"]): Table {
  const isShown = (_: string, i: number): boolean => rows.some((cells) => cells[i] !== "");
  return { titles: titles.filter(isShown), rows: rows.map((cells) => cells.filter(isShown)) };
}

function decimal(value: number, digits: number, unit = ""): string {
  if (!Number.isFinite(value)) return "";
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${value.toLocaleString("en", options)}${unit}`;
}
