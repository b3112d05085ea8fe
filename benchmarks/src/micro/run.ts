/* pnpm bench: the subjects, each in its own process, take turns at each workload. */
import { parseArgs } from "node:util";
import { startRedisServer } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import { type Rounds, report } from "./report.ts";
import { type RunningSubject, startSubject } from "./running-subject.ts";
import type { Measurement } from "./subject-process.ts";
import { subjects } from "./subjects.ts";
import { KEYS, keyOf, WORKLOADS, type Workload } from "./workloads.ts";

const USAGE = `Usage: bench [--quick] [--only TEXT] [--rounds N]
  --quick      GET with 1, 10 and 100 calls per tick, fewer rounds: under a minute
  --only TEXT  the workloads whose names contain the text
  --rounds N   rounds of each subject, 15 if not given, 7 with --quick`;

/** What each subject measured in each round. */
async function takeTurns(running: readonly RunningSubject[], workload: Workload, rounds: number): Promise<Rounds> {
  const able: RunningSubject[] = [];
  // The first round of each warms it up, and is not counted.
  for (const subject of running) if ((await subject.measure(workload)) !== null) able.push(subject);
  const measured = new Map(able.map(({ name }) => [name, [] as Measurement[]]));
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another subject, so that none always runs in the shadow of the same.
    for (let i = 0; i < able.length; i++) {
      const subject = able[(round + i) % able.length] as RunningSubject;
      const measurement = await subject.measure(workload);
      if (measurement !== null) measured.get(subject.name)?.push(measurement);
    }
    process.stderr.write(".");
  }
  process.stderr.write("\n");
  return measured;
}

async function seed(port: number, { valueBytes }: Workload): Promise<void> {
  const client = new Redis(port);
  const value = "x".repeat(valueBytes);
  const fields = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`field${i}`, `value ${i}`]));
  await client.flushall();
  for (let i = 0; i < KEYS; i++) {
    await Promise.all([client.set(keyOf("get", i), value), client.hset(keyOf("hgetall", i), fields)]);
  }
  client.disconnect();
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      rounds: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const rounds = Number(values.rounds ?? (values.quick ? 7 : 15));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("Expected --rounds to be a whole number from 1 on.");
  const workloads = WORKLOADS.filter(({ name, quick }) => name.includes(values.only) && (quick || !values.quick));
  if (workloads.length === 0) throw new Error("Expected --only to be a part of a workload's name; none has it.");
  const server = await startRedisServer();
  const running: RunningSubject[] = [];
  try {
    process.stdout.write(`${server.description}, Node ${process.version}; medians of ${rounds} rounds\n`);
    for (const name of Object.keys(subjects)) running.push(await startSubject(name, server.port));
    for (const workload of workloads) {
      await seed(server.port, workload);
      const measured = await takeTurns(running, workload, rounds);
      process.stdout.write(`\n${report(workload, measured)}\n`);
    }
  } finally {
    await Promise.all(running.map((subject) => subject.stop()));
    await server.stop();
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
