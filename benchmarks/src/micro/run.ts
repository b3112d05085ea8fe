/* pnpm bench: the subjects, each in its own process, take turns at each workload. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startRedisServer } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import { median, spread } from "../statistics.ts";
import type { Measurement } from "./subject-process.ts";
import { subjects } from "./subjects.ts";
import { keys, value, WORKLOADS, type Workload } from "./workloads.ts";

interface RunningSubject {
  readonly name: string;
  measure(workload: Workload): Promise<Measurement>;
  stop(): void;
}

async function start(name: string, port: number): Promise<RunningSubject> {
  const child = fork(fileURLToPath(new URL("./subject-process.js", import.meta.url)), [name, String(port)]);
  await once(child, "message");
  return {
    name,
    measure: async (workload) => {
      child.send(workload);
      const [measured] = (await once(child, "message")) as [Measurement];
      return measured;
    },
    stop: () => child.disconnect(),
  };
}

/** What each subject measured in each round; the rounds of all subjects stand side by side. */
async function takeTurns(
  running: readonly RunningSubject[],
  workload: Workload,
  rounds: number,
): Promise<Map<string, Measurement[]>> {
  const measured = new Map(running.map(({ name }) => [name, [] as Measurement[]]));
  for (const subject of running) await subject.measure({ ...workload, calls: Math.ceil(workload.calls / 2) });
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another subject, so that none always runs in the shadow of the same.
    for (let i = 0; i < running.length; i++) {
      const subject = running[(round + i) % running.length] as RunningSubject;
      measured.get(subject.name)?.push(await subject.measure(workload));
    }
    process.stderr.write(".");
  }
  process.stderr.write("\n");
  return measured;
}

function report(workload: Workload, measured: ReadonlyMap<string, readonly Measurement[]>): string {
  const [baseline = []] = measured.values();
  const rows = [...measured].map(([name, rounds]) => {
    // Compared within each round: what slows the machine down for a while slows both down.
    const ratios = rounds.map((round, i) => round.callsPerSecond / (baseline[i]?.callsPerSecond ?? Number.NaN));
    const cells = [
      Math.round(median(rounds.map((round) => round.callsPerSecond))).toLocaleString("en"),
      median(rounds.map((round) => round.cpuMicrosPerCall)).toFixed(2),
      `${median(ratios).toFixed(2)}x`,
      spread(ratios),
    ];
    return name.padEnd(32) + cells.map((cell) => cell.padStart(16)).join("");
  });
  const titles = ["calls/s", "CPU us per call", "ratio", "middle half"].map((title) => title.padStart(16)).join("");
  return [`${workload.name.padEnd(32)}${titles}`, ...rows].join("\n");
}

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "31" }, only: { type: "string", default: "" } },
});
const server = await startRedisServer();
process.stdout.write(`${server.description}, Node ${process.version}; medians of ${values.rounds} rounds\n`);
const client = new Redis(server.port);
await client.mset(Object.fromEntries(keys.map((key) => [key, value])));
client.disconnect();
const running: RunningSubject[] = [];
try {
  for (const name of Object.keys(subjects)) running.push(await start(name, server.port));
  for (const workload of WORKLOADS.filter(({ name }) => name.includes(values.only))) {
    const measured = await takeTurns(running, workload, Number(values.rounds));
    process.stdout.write(`\n${report(workload, measured)}\n`);
  }
} finally {
  for (const subject of running) subject.stop();
  await server.stop();
}
