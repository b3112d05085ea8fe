/* pnpm bench:import: what importing the core takes once ioredis is there, as tsc builds it and as it is published. Option: --processes N, of each. */
import { parseArgs } from "node:util";
import { spread, summarize } from "../statistics.ts";
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

/** What each case took, in each turn. */
const taken = cases.map((): ImportTime[] => []);
try {
  // A first turn, not counted, reads the files. Each time another case begins: what slows the machine for a while slows all of a turn.
  for (let turn = -1; turn < processes; turn++) {
    for (let place = 0; place < cases.length; place++) {
      const which = (place + turn + 1) % cases.length;
      const { folder, modules } = cases[which] as (typeof cases)[number];
      const time = await timeImports(folder, modules);
      if (turn >= 0) taken[which]?.push(time);
    }
  }
} finally {
  await remove();
}

const cells = (times: readonly ImportTime[], what: keyof ImportTime): string[] => {
  const summary = summarize(times.map((time) => time[what]));
  return [summary.median.toFixed(1), spread(summary)];
};
const rows = cases.map(({ name }, which) => {
  const times = taken[which] ?? [];
  return [name, ...cells(times, "elapsed"), ...cells(times, "cpu")];
});
console.log(`Node ${process.version}, ${processes} processes of each, in turns; medians.`);
console.log(textTable([["imported", "ms", "middle half", "CPU ms", "middle half"], ...rows]));
