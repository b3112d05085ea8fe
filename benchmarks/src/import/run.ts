/* pnpm bench:import: what importing the core takes beside ioredis alone, as tsc builds it and as it is published. Option: --processes N, of each. */
import { parseArgs } from "node:util";
import { spread, summarize } from "../statistics.ts";
import { textTable } from "../text-table.ts";
import { makeInstallations } from "./installations.ts";
import { timeImports } from "./time-imports.ts";

const { values } = parseArgs({ options: { processes: { type: "string", default: "25" } } });
const processes = Number(values.processes);
if (!Number.isInteger(processes) || processes < 3) {
  throw new Error("Expected --processes to be a whole number from 3 on.");
}

const { built, packed, remove } = await makeInstallations();
const cases = [
  { name: "ioredis alone", folder: built, next: [] },
  { name: "and the core, as tsc builds it", folder: built, next: ["@tickpipe/core"] },
  { name: "and the core, as published", folder: packed, next: ["@tickpipe/core"] },
  { name: "and its /testing, as published", folder: packed, next: ["@tickpipe/core/testing"] },
] as const;

/** Milliseconds of each turn, of each case: for ioredis, and for what was imported next. */
const taken = cases.map(() => ({ ioredis: [] as number[], next: [] as number[] }));
try {
  // A first turn, not counted, reads the files. Each time another case begins: what slows the machine for a while slows all of a turn.
  for (let turn = -1; turn < processes; turn++) {
    for (let place = 0; place < cases.length; place++) {
      const which = (place + turn + 1) % cases.length;
      const { folder, next } = cases[which] as (typeof cases)[number];
      const [ioredis = Number.NaN, later = 0] = await timeImports(folder, ["ioredis", ...next]);
      if (turn < 0) continue;
      taken[which]?.ioredis.push(ioredis);
      taken[which]?.next.push(later);
    }
  }
} finally {
  await remove();
}

const alone = taken[0]?.ioredis ?? [];
const cells = (millis: readonly number[]): string[] => {
  const summary = summarize(millis);
  return [summary.median.toFixed(1), spread(summary)];
};
const rows = cases.map(({ name }, which) => {
  const { ioredis = [], next = [] } = taken[which] ?? {};
  const whole = ioredis.map((millis, turn) => millis + (next[turn] ?? 0));
  if (which === 0) return [name, ...cells(whole), "", "", "", ""];
  return [name, ...cells(whole), ...cells(whole.map((millis, turn) => millis - (alone[turn] ?? 0))), ...cells(next)];
});
const head = ["imported, ms", "all", "middle half", "more than alone", "middle half", "after ioredis", "middle half"];
console.log(
  `Node ${process.version}, ${processes} processes of each, in turns; medians.\n${textTable([head, ...rows])}`,
);
