/* pnpm bench:import: what importing the core takes once ioredis is there, as tsc builds it and as it is published. Option: --processes N, of each. */
import { parseArgs } from "node:util";
import { spread, summarize } from "../statistics.ts";
import { takeTurnsWarm } from "../take-turns.ts";
import { textTable } from "../text-table.ts";
import { makeInstallations } from "./installations.ts";
import { type ImportTime, timeImports } from "./time-imports.ts";

const { values } = parseArgs({ options: { processes: { type: "string", default: "25" } } });
const processes = Number(values.processes);
if (!Number.isInteger(processes) || processes < 3) {
  throw new Error("Expected --processes to be a whole number from 3 on.");
}

const { built, packed, remove } = await makeInstallations();
const cases = [
  { name: "ioredis", folder: built, modules: ["ioredis"] },
  { name: "the core after it, as tsc builds it", folder: built, modules: ["ioredis", "@tickpipe/core"] },
  { name: "the core after it, as published", folder: packed, modules: ["ioredis", "@tickpipe/core"] },
  { name: "its /testing after it, as published", folder: packed, modules: ["ioredis", "@tickpipe/core/testing"] },
];

const cells = (times: readonly ImportTime[], what: keyof ImportTime): string[] => {
  const summary = summarize(times.map((time) => time[what]));
  return [summary.median.toFixed(1), spread(summary)];
};
try {
  // The first turn, which is not counted, reads the files.
  const measured = await takeTurnsWarm(cases, processes, Number.POSITIVE_INFINITY, ({ folder, modules }) =>
    timeImports(folder, modules),
  );
  const rows = measured.map(({ name, rounds }) => [name, ...cells(rounds, "elapsed"), ...cells(rounds, "cpu")]);
  console.log(`Node ${process.version}, ${processes} processes of each, in turns; medians.`);
  console.log(textTable([["imported", "ms", "middle half", "CPU ms", "middle half"], ...rows]));
} finally {
  await remove();
}
