// One client and @tickpipe/core, with nothing else installed.
import { tickpipe } from "@tickpipe/core";
import { countRoundTrips } from "@tickpipe/core/testing";
import { Redis } from "ioredis";
import { countSocketWrites } from "./socket-writes.mjs";

async function main(): Promise<void> {
  const redis = tickpipe(new Redis(process.env.REDIS_URL ?? ""));
  await redis.ping();
  const writes = countSocketWrites(redis.tickpipe.client.stream);
  const replies: ["OK", number, string | null] = await Promise.all([
    redis.set("key", "1"),
    redis.incr("key"),
    redis.get("key"),
  ]);
  const taken = writes.take();
  const roundTrips: number = await countRoundTrips(redis, (own) => Promise.all([own.get("key"), own.get("none")]));
  console.log(JSON.stringify({ writes: taken, replies, roundTrips }));
  await redis.quit();
}

void main();
