// An application with ioredis 6, and in it a library with an ioredis 5 of its own. Clients of both are wrapped.
import { tickpipe } from "@tickpipe/core";
import { caching } from "cache-manager";
import { redisInsStore, redisStore } from "cache-manager-ioredis-yet";
import { Redis } from "ioredis";
import { countSocketWrites } from "./socket-writes.mjs";

const host = process.env.REDIS_HOST ?? "";
const port = Number(process.env.REDIS_PORT);

async function main(): Promise<void> {
  const own = tickpipe(new Redis(port, host));
  const { client } = await redisStore({ host, port });
  const nested = tickpipe(client);
  await Promise.all([own.ping(), nested.ping()]);

  // The library is for the client of its own copy; to the types of ioredis 5, one of ioredis 6 is another.
  type Theirs = Parameters<typeof redisInsStore>[0];
  const caches = await Promise.all(
    [nested, own as unknown as Theirs].map((redis) => caching(redisInsStore(redis, { ttl: 60_000 }))),
  );
  const cached: unknown[] = [];
  for (const [index, cache] of caches.entries()) {
    await cache.set(`cached:${index}`, { index });
    cached.push(await cache.get(`cached:${index}`));
  }

  const writes = [own.tickpipe.client, client].map((each) => countSocketWrites("stream" in each ? each.stream : null));
  const [ofOwn, ofNested] = await Promise.all([
    Promise.all([own.set("a", "1"), own.incr("a"), own.get("a"), own.hset("hash", { a: 1 })]),
    Promise.all([nested.set("b", "2"), nested.incr("b"), nested.get("b"), nested.hset("hash", { b: 2 })]),
  ]);
  console.log(
    JSON.stringify({
      ofOwnCopy: [own.tickpipe.client, client].map((each) => each instanceof Redis),
      lean: [own, nested].map((view) => view.tickpipe.stats().lean),
      writes: writes.map((counter) => counter.take()),
      replies: [ofOwn, ofNested],
      cached,
    }),
  );
  await Promise.all([own.quit(), nested.quit()]);
}

void main();
