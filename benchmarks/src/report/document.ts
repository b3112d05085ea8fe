import { verdicts } from "../bars.ts";
import type { Environment } from "../environment.ts";
import type { Results } from "../results.ts";
import { clusterTable, httpTable, latencyTable, memoryTable, throughputTable } from "../tables.ts";
import { type Chart, chartsOf } from "./charts.ts";
import { comparisons } from "./comparisons.ts";
import { markdownTable } from "./markdown.ts";
import { growthTable, lossTable, subjectTable, verdictTable } from "./tables.ts";

/** Prose that is written by hand, by its file's name without ".md". */
export type Prose = Readonly<Record<string, string>>;

/** The files of the report, by their paths below docs/. */
export type Pages = Readonly<Record<string, string>>;

/**
 * The report, as a function of its arguments alone.
 *
 * @param prose what is said before the figures (`introduction`), of them (`losses`, `latency`, `growth`, `memory`, `cluster`, `http`) and after them (`after`);
 *   what is absent is left out
 */
export function pagesOf(results: Results, prose: Prose): Pages {
  const charts = chartsOf(results);
  const files = charts.map(({ file, svg }) => [`charts/${file}`, svg] as const);
  return { "benchmarks.md": page(results, prose, charts), ...Object.fromEntries(files) };
}

function page(results: Results, prose: Prose, charts: readonly Chart[]): string {
  const { micro, cluster, http } = results;
  const picture = (file: string): string => {
    const chart = charts.find((one) => one.file === `${file}.svg`);
    return chart ? `![${chart.title}](charts/${chart.file})` : "";
  };
  const sections: string[] = [
    "# Benchmarks",
    prose.introduction ?? "",
    "## Losses and ties first",
    "All that tickpipe did not win in this run, beside the peers; over 1.00x would be better than the peer. A tie is a ratio whose middle half spans 1.",
    lossTable(comparisons(results)),
    prose.losses ?? "",
    "## The bars",
    verdictTable(verdicts(results)),
    "## Calls as fast as they go",
  ];
  for (const result of micro?.workloads ?? []) {
    const isPlainGet = result.valueBytes === 16 && result.commands.join() === "get";
    sections.push(`### ${result.name}`);
    if (isPlainGet) sections.push(picture(`get-${result.callsPerTick}-per-tick`));
    sections.push(subjectTable(throughputTable(result)));
    if (result.callsPerTick === 10_000) sections.push(prose.growth ?? "", growthTable(results));
  }
  if (micro?.latency.length) sections.push("## A slower network", prose.latency ?? "");
  for (const result of micro?.latency ?? []) {
    sections.push(`### ${result.name}`, picture(`latency-${result.perSecond}`), subjectTable(latencyTable(result)));
    sections.push(
      `A PING's round trip, the delay with all that the machine adds: ${result.roundTripMillis.toFixed(2)} ms.`,
    );
  }
  if (micro?.memory.length) sections.push("## Memory of pending commands", prose.memory ?? "");
  for (const result of micro?.memory ?? []) {
    sections.push(`### ${result.name}`, picture("memory"), subjectTable(memoryTable(result)));
  }
  if (cluster) sections.push("## On a cluster", prose.cluster ?? "");
  for (const result of cluster?.workloads ?? []) {
    sections.push(`### Cluster: ${result.name}`, subjectTable(clusterTable(result)));
  }
  if (http) sections.push("## Behind Express", prose.http ?? "");
  for (const one of http?.cases ?? []) {
    const load = one.load === "peak" ? "peak" : `${Math.round(one.ratePerSecond ?? 0).toLocaleString("en")} requests/s`;
    sections.push(`### Redis calls in a request: ${one.calls}; ${load}, ${one.connections} connections`);
    if (one.load === "peak") sections.push(picture(`http-${one.calls}-calls`));
    sections.push(subjectTable(httpTable(one)));
  }
  sections.push(
    prose.after ?? "",
    "## The runs",
    ...[micro, cluster, http].flatMap((run) => (run ? [runOf(run)] : [])),
  );
  return `${sections
    .map((section) => section.trim())
    .filter((section) => section !== "")
    .join("\n\n")}\n`;
}

function runOf({ command, environment }: { readonly command: string; readonly environment?: Environment }): string {
  const shell = `\`\`\`sh\n${command}\n\`\`\``;
  if (!environment) return shell;
  const { cpu, cores, memoryGiB, os, node, redis, packages } = environment;
  const rows = [
    ["CPU", `${cpu}, ${cores} cores`],
    ["memory", `${memoryGiB} GiB`],
    ["system", os],
    ["Node", node],
    ["server", redis],
    ...Object.entries(packages),
  ];
  return `${shell}\n\n${markdownTable(["", "version"], rows, 2)}`;
}
