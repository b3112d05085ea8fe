import { relative, sep } from "node:path";
import coverage, { type CoverageMap, type CoverageSummary } from "istanbul-lib-coverage";

/** What of a package's lines and branches has to be covered, in percent. */
const LEAST = 95;

/** The coverage of each package, and of all of them. */
export function byPackage(map: CoverageMap, workspace: string): Map<string, CoverageSummary> {
  const all = coverage.createCoverageSummary();
  const sums = new Map<string, CoverageSummary>();
  for (const file of map.files()) {
    const [, name = ""] = relative(workspace, file).split(sep);
    const sum = sums.get(name) ?? coverage.createCoverageSummary();
    sums.set(name, sum);
    const summary = map.fileCoverageFor(file).toSummary();
    sum.merge(summary);
    all.merge(summary);
  }
  return new Map([...[...sums].sort(([a], [b]) => (a < b ? -1 : 1)), ["all", all]]);
}

/** A line of text for each package, and one for all. */
export function textOf(sums: Map<string, CoverageSummary>): string {
  return [...sums]
    .map(([name, sum]) => `  ${name.padEnd(16)} lines ${percent(sum.lines)}   branches ${percent(sum.branches)}`)
    .join("\n");
}

/** Which of the figures, of a package or of all, are too low; none if all is well. */
export function tooLow(sums: Map<string, CoverageSummary>): string[] {
  return [...sums].flatMap(([name, sum]) =>
    (["lines", "branches"] as const)
      .filter((what) => !(sum[what].total > 0 && sum[what].covered / sum[what].total >= LEAST / 100))
      .map((what) => `${name}: ${sum[what].pct} % of the ${what}, and have to be ${LEAST} %`),
  );
}

function percent({ covered, total, pct }: CoverageSummary["lines"]): string {
  return `${pct.toFixed(2).padStart(6)} % ${`(${covered} of ${total})`.padEnd(14)}`;
}
