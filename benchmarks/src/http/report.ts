import { median } from "@tickpipe/test-support";
import type { HttpCase, LoadResult, LoadRound } from "../results.ts";
import { httpTable } from "../tables.ts";
import { textTable } from "../text-table.ts";

/**
 * A case of the benchmark's own apps, for a terminal.
 *
 * @param base the subject that the others are compared with
 */
export function report(measured: HttpCase, base: string): string {
  const { titles, rows } = httpTable(measured, base);
  const compared = measured.load === "peak" ? "requests/s" : "p99";
  const how = `${howOf(measured)}, ${measured.connections} connections; the ratios are those of ${compared}`;
  return `${measured.calls} calls a request, ${how}\n${textTable([titles, ...rows])}`;
}

/** The load of a user's own app, for a terminal. */
export function reportOfUrl(measured: LoadResult<LoadRound>): string {
  const rows = measured.subjects.map(({ name, rounds }) => {
    const rates = rounds.map((round) => round.requestsPerSecond);
    return [
      name,
      perSecond(median(rates)),
      `${perSecond(Math.min(...rates))}-${perSecond(Math.max(...rates))}`,
      median(rounds.map((round) => round.p50Millis)).toFixed(2),
      median(rounds.map((round) => round.p99Millis)).toFixed(2),
      sum(rounds.map((round) => round.errors)),
      sum(rounds.map((round) => round.non2xx)),
    ];
  });
  const how = `${howOf(measured)}, ${measured.connections} connections`;
  const titles = ["", "requests/s", "least-most", "p50 ms", "p99 ms", "errors", "non-2xx"];
  return `${how}; medians of ${measured.subjects[0]?.rounds.length} rounds\n${textTable([titles, ...rows])}`;
}

function perSecond(rate: number): string {
  return Math.round(rate).toLocaleString("en");
}

function howOf({ ratePerSecond }: LoadResult<LoadRound>): string {
  return ratePerSecond === null ? "as many as it answers" : `${perSecond(ratePerSecond)} a second`;
}

function sum(numbers: readonly number[]): string {
  return numbers.reduce((total, each) => total + each, 0).toLocaleString("en");
}
