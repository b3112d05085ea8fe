/* pnpm bench: the subjects, each in its own process, take turns at each workload. */
import { writeFileSync } from "node:fs";
import { startCluster, startRedisServer } from "@tickpipe/test-support";
import { barLines } from "../bars.ts";
import { environmentOf } from "../environment.ts";
import {
  type ClusterResult,
  type ClusterResults,
  type LatencyResult,
  type MemoryResult,
  type MicroResults,
  toJson,
  type WorkloadResult,
} from "../results.ts";
import { type Plan, planOf, USAGE } from "./options.ts";
import { runCluster } from "./runs/cluster.ts";
import { runLatency } from "./runs/latency.ts";
import { runMemory } from "./runs/memory.ts";
import { runThroughput } from "./runs/throughput.ts";
import { clusterText, latencyText, memoryText, throughputText } from "./terminal.ts";

async function run({ command, groups, groupMillis, rounds, latency, memory }: Plan): Promise<MicroResults> {
  const results = {
    workloads: [] as WorkloadResult[],
    latency: [] as LatencyResult[],
    memory: [] as MemoryResult[],
  };
  const server = await startRedisServer();
  const environment = environmentOf(server.description);
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

async function runOnCluster({ command, groups, groupMillis, rounds }: Plan): Promise<ClusterResults> {
  const workloads: ClusterResult[] = [];
  const cluster = await startCluster();
  const environment = environmentOf(`${cluster.nodes.length} x ${cluster.description}`);
  try {
    process.stdout.write(`${environment.redis}, Node ${process.version}; medians\n`);
    await runCluster(cluster, groups, rounds.of, groupMillis, (result) => {
      workloads.push(result);
      show(clusterText(result));
    });
  } finally {
    await cluster.stop();
  }
  return { kind: "cluster", command, environment, workloads };
}

function show(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

async function main(): Promise<void> {
  const plan = planOf(process.argv.slice(2));
  if (!plan) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const results = plan.cluster ? await runOnCluster(plan) : await run(plan);
  const bars = barLines({ [results.kind]: results });
  if (bars !== "") process.stdout.write(`\n${bars}\n`);
  if (plan.json !== undefined) writeFileSync(plan.json, toJson(results));
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
