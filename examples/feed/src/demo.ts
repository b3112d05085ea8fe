/*
 * pnpm demo: the same app twice, with a plain and with a wrapped client, under the same load.
 */
import { randomBytes } from "node:crypto";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { type Round, type RunningApp, startApp } from "./demo/app-under-load.ts";
import { busyNote } from "./demo/busy.ts";
import { findRedis, type RedisSource } from "./demo/redis-source.ts";
import { type DemoResult, mediansOf, ratioOf, table } from "./demo/result.ts";
import { removeKeys, seed } from "./demo/seed.ts";

const USAGE = `Usage: demo [--json | --serve] [--rounds N] [--seconds N]
  --json       print one JSON object instead of a table
  --serve      keep the wrapped app up, with the inspector, and print its address (PORT, else any free port)
  --rounds N   rounds of load for each app, 5 if not given
  --seconds N  length of a round, 3 if not given`;

interface DemoOptions {
  readonly json: boolean;
  readonly serve: boolean;
  readonly rounds: number;
  readonly seconds: number;
}

const say = (text: string): void => {
  process.stderr.write(text);
};

async function main(): Promise<void> {
  const options = readOptions();
  const redis = await findRedis();
  say(`Redis: ${redis.description}\n`);
  const keyPrefix = `tickpipe-demo:${randomBytes(4).toString("hex")}:`;
  const apps: RunningApp[] = [];
  const start = async (wrapped: boolean, inspected = false, port = 0): Promise<RunningApp> => {
    const app = await startApp({ address: redis.address, keyPrefix, wrapped, inspected, port });
    apps.push(app);
    return app;
  };
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  try {
    await withClient(redis, { keyPrefix }, seed);
    if (options.serve) {
      const app = await start(true, true, Number(process.env.PORT ?? 0));
      process.stdout.write(`${app.url}\n`);
      const { origin } = new URL(app.url);
      say(`Try: curl -H 'cookie: sid=u1' ${app.url}\n`);
      say(
        `See: ${origin}/_tickpipe/ after ${origin}/careless/u1, which waits for Redis without need. Stop with Ctrl-C.\n`,
      );
      await interrupted;
      return;
    }
    const result = await Promise.race([compare(options, redis, start), interrupted.then(() => undefined)]);
    if (!result) throw new Error("Interrupted.");
    process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : `\n${table(result)}\n`);
  } finally {
    await Promise.all(apps.map((app) => app.stop()));
    await withClient(redis, {}, (client) => removeKeys(client, keyPrefix));
    await redis.stop();
  }
}

async function compare(
  { rounds, seconds }: DemoOptions,
  redis: RedisSource,
  start: (wrapped: boolean) => Promise<RunningApp>,
): Promise<DemoResult> {
  const plain = { app: await start(false), rounds: [] as Round[] };
  const wrapped = { app: await start(true), rounds: [] as Round[] };
  // Before the demo is a load itself.
  const busy = busyNote(loadavg()[0] ?? 0, availableParallelism());
  if (busy !== null) say(`${busy}\n`);
  say("Warming up");
  for (const { app } of [plain, wrapped]) await app.load(Math.min(2, seconds));
  say(`, then ${rounds} rounds of ${seconds} s each, in turn: `);
  for (let i = 0; i < rounds; i++) {
    // Which of the two goes first alternates, so that a machine that slows down favours neither.
    for (const each of i % 2 === 0 ? [plain, wrapped] : [wrapped, plain]) {
      each.rounds.push(await each.app.load(seconds));
      say(each === plain ? "p" : "t");
    }
    say(" ");
  }
  say("\n");
  const medians = { plain: mediansOf(plain.rounds), wrapped: mediansOf(wrapped.rounds) };
  return {
    redis: redis.description,
    node: process.version,
    rounds,
    secondsPerRound: seconds,
    ...medians,
    ratio: ratioOf(medians.wrapped, medians.plain),
  };
}

async function withClient(
  redis: RedisSource,
  options: { keyPrefix?: string },
  work: (client: ReturnType<RedisSource["connect"]>) => Promise<void>,
): Promise<void> {
  const client = redis.connect(options);
  try {
    await work(client);
  } finally {
    client.disconnect();
  }
}

function readOptions(): DemoOptions {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      serve: { type: "boolean", default: false },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "3" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    process.exit(0);
  }
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error("Expected --rounds to be a whole number from 1 on.");
  if (!Number.isInteger(seconds) || seconds < 1) throw new Error("Expected --seconds to be a whole number from 1 on.");
  return { json: values.json, serve: values.serve, rounds, seconds };
}

try {
  await main();
} catch (error) {
  say(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
