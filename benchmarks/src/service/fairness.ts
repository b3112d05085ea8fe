/* pnpm bench:fairness: how long one request's calls take while another makes 100,000, with and without `maxPerTick`. */
import { type ScopeOptions, tickpipe } from "@tickpipe/core";
import { HOST, median, startRedisServer } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import { quantile } from "../statistics.ts";
import { textTable } from "../text-table.ts";

const ROUNDS = 7;
const GREEDY_CALLS = 100_000;
const MAX_PER_TICK = 1_000;
/** Calls of a modest request, made together, and how long it waits before the next, in milliseconds. */
const MODEST_CALLS = 5;
const PAUSE_MS = 2;
const QUIET_REQUESTS = 200;

const server = await startRedisServer();
const client = new Redis(server.port, HOST);
const redis = tickpipe(client);

async function modestRequest(): Promise<number> {
  const scope = redis.tickpipe.scope();
  const start = performance.now();
  await Promise.all(Array.from({ length: MODEST_CALLS }, (_, i) => scope.redis.get(`modest:${i}`)));
  scope.close();
  return performance.now() - start;
}

/** The p99 of modest requests, one after the other, for as long as something lasts. */
async function p99While(goesOn: (requests: number) => boolean): Promise<number> {
  const millis: number[] = [];
  while (goesOn(millis.length)) {
    millis.push(await modestRequest());
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return quantile(millis, 0.99);
}

async function besideGreedy(options: ScopeOptions): Promise<number> {
  const scope = redis.tickpipe.scope(options);
  let isOver = false;
  // As a handler would that reads what a list names, each by a key of its own.
  const greedy = Promise.all(Array.from({ length: GREEDY_CALLS }, (_, i) => scope.redis.get(`greedy:${i}`))).then(
    () => {
      isOver = true;
    },
  );
  const p99 = await p99While(() => !isOver);
  await greedy;
  scope.close();
  return p99;
}

try {
  await redis.ping();
  await p99While((requests) => requests < QUIET_REQUESTS);
  const [quiet, fair, unfair]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    quiet.push(await p99While((requests) => requests < QUIET_REQUESTS));
    fair.push(await besideGreedy({ maxPerTick: MAX_PER_TICK }));
    unfair.push(await besideGreedy({}));
  }
  const row = (name: string, figures: number[]): string[] => [
    name,
    median(figures).toFixed(1),
    `${median(figures.map((each, i) => each / (quiet[i] ?? Number.NaN))).toFixed(1)}x`,
  ];
  const rows = [
    row("alone", quiet),
    row(`beside ${GREEDY_CALLS} GETs, maxPerTick ${MAX_PER_TICK}`, fair),
    row(`beside ${GREEDY_CALLS} GETs, no limit`, unfair),
  ];
  process.stdout.write(`${server.description}, Node ${process.version}; medians of ${ROUNDS} rounds\n`);
  process.stdout.write(`${textTable([["a request of 5 GETs", "p99, ms", "to alone"], ...rows])}\n`);
} finally {
  client.disconnect();
  await server.stop();
}
