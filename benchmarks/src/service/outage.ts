/* pnpm bench:outage: Redis is gone for a minute under load; what a process holds meanwhile, and how soon it serves again. Run with --expose-gc. */
import { parseArgs } from "node:util";
import { tickpipe } from "@tickpipe/core";
import { HOST, startRedisServer } from "@tickpipe/test-support";
import { Redis } from "ioredis";

const USAGE = `Usage: bench:outage [--seconds N] [--rate N] [--max-pending N]
  --seconds N      for how long Redis is gone, 60 if not given
  --rate N         calls a second, 5000 if not given
  --max-pending N  the option maxPending, 10000 if not given`;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    rate: { type: "string", default: "5000" },
    "max-pending": { type: "string", default: "10000" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(`${USAGE}\n`);
  process.exit();
}
const [seconds, rate, maxPending] = [values.seconds, values.rate, values["max-pending"]].map(Number) as [
  number,
  number,
  number,
];

const counts = { called: 0, answered: 0, overloaded: 0, failed: 0 };
const value = "x".repeat(64);
let heapMost = 0;
let lastUnanswered = 0;

const heapNow = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

const first = await startRedisServer();
const client = new Redis(first.port, HOST);
client.on("error", () => {});
const redis = tickpipe(client, { maxPending });
await redis.ping();

function call(): void {
  counts.called += 1;
  redis.set(`key:${counts.called % 1_000}`, value).then(
    () => {
      counts.answered += 1;
    },
    (error: { code?: string }) => {
      lastUnanswered = performance.now();
      if (error.code === "ERR_TICKPIPE_OVERLOADED") counts.overloaded += 1;
      else counts.failed += 1;
    },
  );
}

/** Calls at the rate, in slices of 10 ms. */
async function callFor(millis: number): Promise<void> {
  const start = performance.now();
  let made = 0;
  while (performance.now() - start < millis) {
    for (const due = ((performance.now() - start) / 1000) * rate; made < due; made++) call();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

await callFor(2_000);
const before = heapNow();
await first.stop();
for (let i = 0; i < seconds; i++) {
  await callFor(1_000);
  heapMost = Math.max(heapMost, heapNow());
}
const second = await startRedisServer([], first.port);
const back = performance.now();
try {
  await callFor(5_000);
  const after = heapNow();
  while (redis.tickpipe.stats().pending > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const settled = counts.answered + counts.overloaded + counts.failed;
  const report = {
    ...counts,
    unsettled: counts.called - settled,
    heapGrowthMiBAtMost: Number((heapMost - before).toFixed(1)),
    heapGrowthMiBAfterwards: Number((after - before).toFixed(1)),
    fullServiceAfterMs: Math.max(0, Math.round(lastUnanswered - back)),
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} finally {
  client.disconnect();
  await second.stop();
}
