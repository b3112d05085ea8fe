/* pnpm bench: the subjects, each in its own process, take turns at each workload. */
import { writeFileSync } from "node:fs";
import { startRedisServer } from "@tickpipe/test-support";
import { barLines } from "../bars.ts";
import { environmentOf } from "../environment.ts";
import { type LatencyResult, type MemoryResult, type MicroResults, toJson, type WorkloadResult } from "../results.ts";
import { type Plan, planOf, USAGE } from "./options.ts";
import { runLatency } from "./runs/latency.ts";
import { runMemory } from "./runs/memory.ts";
import { runThroughput } from "./runs/throughput.ts";
import { latencyText, memoryText, throughputText } from "./terminal.ts";

async function run({ command, groups, groupMillis, rounds, latency, memory }: Plan): Promise<MicroResults> {
  const results = {
    workloads: [] as WorkloadResult[],
    latency: [] as LatencyResult[],
    memory: [] as MemoryResult[],
  };
  const server = await startRedisServer();
  const environment = environmentOf(server.description);
  const show = (text: string): boolean => process.stdout.write(`\n${text}\n`);
  try {
    process.stdout.write(`${server.description}, Node ${process.version}; medians\n`);
    await runThroughput(server, groups, rounds.of, groupMillis, (result) => {
      results.workloads.push(result);
      show(throughputText(result));
    });
    if (latency) {
      await runLatency(server, rounds.latency, (result) => {
        results.latency.push(result);
        show(latencyText(result));
      });
    }
    if (memory) {
      await runMemory(server, rounds.memory, (result) => {
        results.memory.push(result);
        show(memoryText(result));
      });
    }
  } finally {
    await server.stop();
  }
  return { kind: "micro", command, environment, ...results };
}

async function main(): Promise<void> {
  const plan = planOf(process.argv.slice(2));
  if (!plan) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const results = await run(plan);
  const bars = barLines({ micro: results });
  if (bars !== "") process.stdout.write(`\n${bars}\n`);
  if (plan.json !== undefined) writeFileSync(plan.json, toJson(results));
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
