import { median } from "@tickpipe/test-support";
import type { Round } from "./app-under-load.ts";

/** The medians of an app's rounds. */
export type Figures = Round;

/** What the demo prints with `--json`. */
export interface DemoResult {
  readonly redis: string;
  readonly node: string;
  readonly rounds: number;
  readonly secondsPerRound: number;
  readonly plain: Figures;
  readonly wrapped: Figures;
  /** Wrapped to plain. */
  readonly ratio: Figures;
}

const FIGURES = [
  ["requestsPerSecond", "requests/s", 0],
  ["p50Ms", "p50 latency, ms", 1],
  ["p99Ms", "p99 latency, ms", 1],
  ["writesPerRequest", "Redis socket writes per request", 2],
  ["cpuMicrosPerRequest", "server CPU per request, us", 0],
] as const satisfies readonly (readonly [keyof Figures, string, number])[];

export function mediansOf(rounds: readonly Round[]): Figures {
  return figures((name) => median(rounds.map((round) => round[name])));
}

export function ratioOf(wrapped: Figures, plain: Figures): Figures {
  return figures((name) => wrapped[name] / plain[name]);
}

function figures(of: (name: keyof Figures) => number): Figures {
  return Object.fromEntries(FIGURES.map(([name]) => [name, Number(of(name).toFixed(3))])) as unknown as Figures;
}

/** The result as a table for a terminal. */
export function table({ plain, wrapped, ratio }: DemoResult): string {
  const rows = FIGURES.map(([name, title, digits]) => [
    title,
    plain[name].toFixed(digits),
    wrapped[name].toFixed(digits),
    `${ratio[name].toFixed(ratio[name] < 0.1 ? 3 : 2)}x`,
  ]);
  return [["", "plain ioredis", "tickpipe", "ratio"], ...rows]
    .map(([title = "", ...cells]) => title.padEnd(34) + cells.map((cell) => cell.padStart(14)).join(""))
    .join("\n");
}
