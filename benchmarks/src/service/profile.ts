/*
 * `pnpm bench:profile [--plain] [--per-tick N] [--seconds N]`: where the CPU of GETs goes. Keeps a .cpuprofile, which Chrome's DevTools and VS Code open, and prints the
 * functions that ran longest and whose they are. To be read for shares: a profiled process is slower than others.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { type Profiler, Session } from "node:inspector/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { tickpipe } from "@tickpipe/core";
import { startRedisServer } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import { textTable } from "../text-table.ts";

const FOLDER = fileURLToPath(new URL("../../../coverage/profiles/", import.meta.url));
const SAMPLE_EACH_US = 200;
const WARM_UP_MS = 1_000;
const FUNCTIONS_SHOWN = 20;
/** Different ones, so that no read of a tick is shared up to so many. */
const KEYS = Array.from({ length: 10_000 }, (_, i) => `value:${i}`);

const { values } = parseArgs({
  options: {
    plain: { type: "boolean", default: false },
    "per-tick": { type: "string", default: "100" },
    seconds: { type: "string", default: "5" },
  },
});
const perTick = Number(values["per-tick"]);
const seconds = Number(values.seconds);
if (!(Number.isInteger(perTick) && perTick > 0 && seconds > 0)) {
  console.error("Expected --per-tick to be a whole number from 1 on, and --seconds a positive number.");
  process.exit(2);
}

const server = await startRedisServer();
const client = new Redis({ host: server.host, port: server.port });
try {
  await client.mset(KEYS.flatMap((key) => [key, "sixteen bytes..."]));
  const profile = await profiled(values.plain ? client : tickpipe(client));
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${values.plain ? "plain" : "tickpipe"}-${perTick}-per-tick.cpuprofile`);
  writeFileSync(file, JSON.stringify(profile));
  console.log(report(profile));
  console.log(`\nKept in ${file}`);
} finally {
  client.disconnect();
  await server.stop();
}

async function profiled(redis: Redis): Promise<Profiler.Profile> {
  await runTicks(redis, WARM_UP_MS);
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: SAMPLE_EACH_US });
  await session.post("Profiler.start");
  await runTicks(redis, seconds * 1_000);
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  return profile;
}

async function runTicks(redis: Redis, ms: number): Promise<void> {
  const end = performance.now() + ms;
  for (let first = 0; performance.now() < end; first += perTick) {
    await Promise.all(Array.from({ length: perTick }, (_, i) => redis.get(KEYS[(first + i) % KEYS.length] as string)));
  }
}

/** The shares of the time in which the process did not wait. */
function report({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): string {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byFunction = new Map<string, number>();
  const byOwner = new Map<string, number>();
  let total = 0;
  samples.forEach((id, index) => {
    const frame = frames.get(id);
    if (frame === undefined || ["(idle)", "(root)"].includes(frame.functionName)) return;
    const micros = timeDeltas[index] ?? 0;
    const owner = ownerOf(frame.url, frame.functionName);
    const name = `${frame.functionName || "(without a name)"}, ${owner}`;
    byFunction.set(name, (byFunction.get(name) ?? 0) + micros);
    byOwner.set(owner, (byOwner.get(owner) ?? 0) + micros);
    total += micros;
  });
  const tableOf = (title: string, times: ReadonlyMap<string, number>): string => {
    const longest = [...times].sort(([, a], [, b]) => b - a).slice(0, FUNCTIONS_SHOWN);
    return textTable([
      [title, "share"],
      ...longest.map(([name, each]) => [name, `${((100 * each) / total).toFixed(1)} %`]),
    ]);
  };
  return `${tableOf("whose", byOwner)}\n\n${tableOf("function", byFunction)}`;
}

function ownerOf(url: string, functionName: string): string {
  if (functionName === "(garbage collector)") return "V8's garbage collector";
  const [, dependency] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  if (dependency !== undefined) return dependency;
  if (url.includes("/packages/core/")) return "@tickpipe/core";
  if (url.startsWith("file:")) return "this program";
  return "Node";
}
