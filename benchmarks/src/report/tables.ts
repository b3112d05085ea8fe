/* The tables of docs/benchmarks.md. */
import { growthOf, type Verdict } from "../bars.ts";
import type { Results } from "../results.ts";
import { spread, summarize } from "../statistics.ts";
import { OURS } from "../subject-names.ts";
import type { Table } from "../tables.ts";
import type { Comparison } from "./comparisons.ts";
import { markdownTable } from "./markdown.ts";

/** What was measured of each subject. */
export function subjectTable({ titles, rows }: Table): string {
  return markdownTable(
    titles,
    rows.map(([name = "", ...figures]) => [subjectCell(name), ...figures]),
  );
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ what, middleHalf, shown, bar, outcome }) => [
    what,
    shown,
    middleHalf,
    bar,
    outcome === "missed" ? `**${outcome}**` : outcome,
  ]);
  return markdownTable(["bar", "measured", "middle half", "asked for", "outcome"], rows);
}

/** Those that tickpipe does not win, the worst first. */
export function lossTable(all: readonly Comparison[]): string {
  const rank = { loss: 0, tie: 1, win: 2 } as const;
  const rows = all
    .filter(({ outcome }) => outcome !== "win")
    .sort((a, b) => rank[a.outcome] - rank[b.outcome] || a.times.median - b.times.median)
    .map(({ what, peer, times, outcome }) => [what, peer, `${times.median.toFixed(2)}x`, spread(times), outcome]);
  if (rows.length === 0) return "None in this run.";
  return markdownTable(["what", "beside", "tickpipe is as good", "middle half", "outcome"], rows, 2);
}

/** Each subject's calls/s at 10,000 per tick over those at 1,000. */
export function growthTable(results: Results): string {
  const names = results.micro?.workloads.find(({ callsPerTick }) => callsPerTick === 10_000)?.subjects ?? [];
  const rows = names.map(({ name }) => {
    const growth = summarize(growthOf(results, name));
    return [subjectCell(name), `${growth.median.toFixed(2)}x`, spread(growth)];
  });
  return markdownTable(["", "10,000 to 1,000 per tick", "middle half"], rows);
}

function subjectCell(name: string): string {
  return name === OURS ? `**${name}**` : name;
}
