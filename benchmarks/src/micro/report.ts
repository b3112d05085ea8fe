import { median } from "@tickpipe/test-support";
import { spread } from "../statistics.ts";
import type { Measurement } from "./subject-process.ts";
import { BASELINE, OURS } from "./subjects.ts";
import type { Workload } from "./workloads.ts";

/** What each subject measured, round by round: the `i`th rounds of all stand side by side. */
export type Rounds = ReadonlyMap<string, readonly Measurement[]>;

const WIDTH = [32, 12, 13, 12, 13, 16];

/** A workload's table for a terminal. */
export function report({ name }: Workload, measured: Rounds): string {
  const [baseline = [], ours = []] = [measured.get(BASELINE), measured.get(OURS)];
  const rows = [...measured].map(([subject, rounds]) => {
    const toBaseline = ratios(rounds, baseline);
    return [
      subject,
      Math.round(median(rounds.map((round) => round.callsPerSecond))).toLocaleString("en"),
      median(rounds.map((round) => round.cpuMicrosPerCall)).toFixed(2),
      `${median(toBaseline).toFixed(2)}x`,
      spread(toBaseline),
      `${median(ratios(ours, rounds)).toFixed(2)}x`,
    ];
  });
  const titles = [name, "calls/s", "CPU us/call", "to ioredis", "middle half", "tickpipe to it"];
  return [titles, ...rows]
    .map((cells) =>
      cells.map((cell, i) => (i === 0 ? cell.padEnd(WIDTH[0] ?? 0) : cell.padStart(WIDTH[i] ?? 0))).join(""),
    )
    .join("\n");
}

/** Compared within each round: what slows the machine down for a while slows both down. */
function ratios(rounds: readonly Measurement[], others: readonly Measurement[]): number[] {
  return rounds.map((round, i) => round.callsPerSecond / (others[i]?.callsPerSecond ?? Number.NaN));
}
