import { median } from "@tickpipe/test-support";
import type { HttpCase, LoadResult, LoadRound } from "../results.ts";
import { ratios, spread, summarize } from "../statistics.ts";
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

/** The load of a user's own apps, for a terminal; where there are several, compared with the first. */
export function reportOfUrls(measured: LoadResult<LoadRound>): string {
  const ratesOf = (rounds: readonly LoadRound[]): number[] => rounds.map((round) => round.requestsPerSecond);
  const isCompared = measured.subjects.length > 1;
  const first = ratesOf(measured.subjects[0]?.rounds ?? []);
  const rows = measured.subjects.map(({ name, rounds }) => {
    const rates = ratesOf(rounds);
    const toFirst = summarize(ratios(rates, first));
    return [
      name,
      perSecond(median(rates)),
      `${perSecond(Math.min(...rates))}-${perSecond(Math.max(...rates))}`,
      median(rounds.map((round) => round.p50Millis)).toFixed(2),
      median(rounds.map((round) => round.p99Millis)).toFixed(2),
      sum(rounds.map((round) => round.errors)),
      sum(rounds.map((round) => round.non2xx)),
      ...(isCompared ? [`${toFirst.median.toFixed(2)}x`, spread(toFirst)] : []),
    ];
  });
  const how = `${howOf(measured)}, ${measured.connections} connections`;
  const comparison = isCompared ? ["requests/s to the first", "middle half"] : [];
  const titles = ["", "requests/s", "least-most", "p50 ms", "p99 ms", "errors", "non-2xx", ...comparison];
  return `${how}; medians of ${measured.subjects[0]?.rounds.length} rounds\n${textTable([titles, ...rows])}`;
}

function perSecond(rate: number): string {
  return Math.round(rate).toLocaleString("en");
}

function howOf({ ratePerSecond }: LoadResult<LoadRound>): string {
  return ratePerSecond === null ? "full load" : `${perSecond(ratePerSecond)} a second`;
}

function sum(numbers: readonly number[]): string {
  return numbers.reduce((total, each) => total + each, 0).toLocaleString("en");
}
