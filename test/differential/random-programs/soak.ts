/*
 * `pnpm soak [--cluster] [--behind default|memo|maxPerTick|maxPending] [--minutes N] [--commands N] [--seed N]`: random programs on the plain and on the wrapped client until it is stopped, the time
 * is over, so many commands have been run, or the sides diverge, which makes it exit with 1.
 */
import { setImmediate as turn } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Serving } from "./program.ts";
import { printTally, Rounds } from "./rounds.ts";

const REPORT_EVERY_MS = 10_000;

const { values } = parseArgs({
  options: {
    cluster: { type: "boolean", default: false },
    // Runs the programs as handlers behind `perRequest`, with one of its options.
    behind: { type: "string" },
    minutes: { type: "string" },
    commands: { type: "string" },
    seed: { type: "string" },
  },
});
const minutes = Number(values.minutes ?? Number.POSITIVE_INFINITY);
const firstSeed = Number(values.seed ?? process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const commands = Number(values.commands ?? Number.POSITIVE_INFINITY);
if (!(minutes > 0 && commands > 0) || !Number.isInteger(firstSeed)) {
  console.error("Expected --minutes and --commands to be positive numbers and --seed an integer.");
  process.exit(2);
}

const SERVINGS: readonly Serving[] = ["default", "memo", "maxPerTick", "maxPending"];
const serving = SERVINGS.find((each) => each === values.behind);
if (values.behind !== undefined && serving === undefined) {
  console.error(`Expected --behind to be one of ${SERVINGS.join(", ")}.`);
  process.exit(2);
}

let stopped = false;
process.once("SIGINT", () => {
  stopped = true;
});

const began = performance.now();
const endsAt = began + minutes * 60_000;
const rounds = await Rounds.start(values.cluster ? "cluster" : "server", serving);
let seed = firstSeed;
let divergence: string | null = null;
console.log(`SEED=${firstSeed}`);
let reportAt = performance.now() + REPORT_EVERY_MS;
while (!stopped && divergence === null && performance.now() < endsAt && rounds.tally.commands < commands) {
  divergence = await rounds.run(seed++);
  if (performance.now() >= reportAt) {
    report();
    reportAt += REPORT_EVERY_MS;
  }
  await turn();
}
report();
if (divergence !== null) console.error(`The sides diverged.\n${divergence}`);
await rounds.stop();
// A program that got stuck leaves a client that goes on connecting.
process.exit(divergence === null ? 0 : 1);

function report(): void {
  const { rss, heapUsed } = process.memoryUsage();
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  const divergences = divergence === null ? 0 : 1;
  console.log(
    `${seconds} s, SEED=${firstSeed} to ${seed}: ${printTally(rounds.tally)}; ${divergences} divergences; heap ${mib(heapUsed)} MiB, process ${mib(rss)} MiB`,
  );
}
