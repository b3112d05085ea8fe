/* What a run prints of each result. */
import type { ClusterResult, LatencyResult, MemoryResult, WorkloadResult } from "../results.ts";
import { clusterTable, latencyTable, memoryTable, type Table, throughputTable } from "../tables.ts";
import { textTable } from "../text-table.ts";

export function throughputText(result: WorkloadResult): string {
  return named(result.name, throughputTable(result));
}

export function clusterText(result: ClusterResult): string {
  return named(result.name, clusterTable(result));
}

export function latencyText(result: LatencyResult): string {
  const roundTrip = `A PING's round trip is ${result.roundTripMillis.toFixed(2)} ms; the ratios are those of p50.`;
  return `${named(result.name, latencyTable(result))}\n${roundTrip}`;
}

export function memoryText(result: MemoryResult): string {
  return named(result.name, memoryTable(result));
}

function named(name: string, { titles, rows }: Table): string {
  return textTable([[name, ...titles.slice(1)], ...rows]);
}
