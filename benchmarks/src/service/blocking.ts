/* pnpm bench:blocking: how long a GET takes alone, and beside blocking calls on the same client. */
import { tickpipe } from "@tickpipe/core";
import { HOST, median, startRedisServer } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import { quantile } from "../statistics.ts";
import { BASELINE, OURS } from "../subject-names.ts";
import { textTable } from "../text-table.ts";

const ROUNDS = 9;
const GETS = 1_000;
const BLOCKED = 10;
/** How long each BLPOP waits, in seconds. With plain ioredis a GET waits for all that were called before it. */
const BLOCKED_FOR = 0.1;

interface Subject {
  readonly name: string;
  readonly redis: Redis;
  readonly alone: number[];
  readonly beside: number[];
}

/** The p99 of GETs in series, in milliseconds; fewer of them where each waits for blocking calls. */
async function p99(redis: Redis, gets: number): Promise<number> {
  const millis: number[] = [];
  for (let i = 0; i < gets; i++) {
    const start = performance.now();
    await redis.get("key");
    millis.push(performance.now() - start);
  }
  return quantile(millis, 0.99);
}

async function besideBlocking(redis: Redis, gets: number): Promise<number> {
  let isOver = false;
  const blocked = Array.from({ length: BLOCKED }, async (_, i) => {
    while (!isOver) await redis.blpop(`empty:${i}`, BLOCKED_FOR);
  });
  const measured = await p99(redis, gets);
  isOver = true;
  await Promise.all(blocked);
  return measured;
}

const server = await startRedisServer();
const clients = [new Redis(server.port, HOST), new Redis(server.port, HOST)] as const;
try {
  const subjects: Subject[] = [
    { name: BASELINE, redis: clients[0], alone: [], beside: [] },
    { name: OURS, redis: tickpipe(clients[1], { blocking: "isolate" }), alone: [], beside: [] },
  ];
  for (const { redis } of subjects) {
    await redis.set("key", "value");
    await p99(redis, GETS);
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, redis, alone, beside } of subjects) {
      alone.push(await p99(redis, GETS));
      beside.push(await besideBlocking(redis, name === OURS ? GETS : 5));
    }
  }
  const rows = subjects.map(({ name, alone, beside }) => [
    name,
    median(alone).toFixed(3),
    median(beside).toFixed(3),
    `${median(beside.map((each, i) => each / (alone[i] ?? Number.NaN))).toFixed(2)}x`,
  ]);
  const titles = [`GET beside ${BLOCKED} BLPOPs`, "p99 alone, ms", "p99 beside, ms", "ratio"];
  process.stdout.write(`${server.description}, Node ${process.version}; medians of ${ROUNDS} rounds\n`);
  process.stdout.write(`${textTable([titles, ...rows])}\n`);
} finally {
  for (const client of clients) client.disconnect();
  await server.stop();
}
