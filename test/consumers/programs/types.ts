// Is only compiled: what an application's types say of a wrapped client.
import { type Tickpiped, type TickpipeOptions, tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import { inspector } from "@tickpipe/inspector";
import express, { type Request } from "express";
import { type ChainableCommander, Cluster, Redis } from "ioredis";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const isTrue = <T extends true>(claim?: T): T | undefined => claim;

const redis = tickpipe(new Redis(), { flush: "nextTick", maxPending: 10_000 });
isTrue<Same<typeof redis, Tickpiped<Redis>>>();
isTrue<Same<(typeof redis)["get"], Redis["get"]>>();
isTrue<Same<(typeof redis)["set"], Redis["set"]>>();
isTrue<Same<(typeof redis)["multi"], Redis["multi"]>>();
isTrue<Same<(typeof redis)["pipeline"], Redis["pipeline"]>>();
isTrue<Same<(typeof redis.tickpipe)["client"], Redis>>();
/** Whoever takes a client takes a view. */
export const plain: Redis = redis;

const cluster = tickpipe(new Cluster([{ host: "localhost", port: 7000 }]));
isTrue<Same<(typeof cluster)["get"], Cluster["get"]>>();
isTrue<Same<(typeof cluster)["set"], Cluster["set"]>>();
isTrue<Same<(typeof cluster)["multi"], Cluster["multi"]>>();

export async function calls(): Promise<void> {
  const text: string | null = await redis.get("key");
  const bytes: Buffer | null = await redis.getBuffer("key");
  const ok: "OK" = await redis.set("key", "value", "EX", 10);
  const maybe: "OK" | null = await redis.set("key", "value", "NX");
  const multi: ChainableCommander = redis.multi().incr("count").get("count");
  const replies: [error: Error | null, result: unknown][] | null = await multi.exec();
  const scope = redis.tickpipe.scope({ name: "report", memo: ["get"] });
  const inScope: string | null = await scope.redis.get("key");
  const changed = await redis.tickpipe.transaction(["count"], async (tx) => {
    const count = Number(await tx.get("count"));
    return count > 0 ? tx.multi().decr("count") : null;
  });
  const users = redis.tickpipe.loader({
    key: (id: number) => `user:${id}`,
    load: async (ids) => ids.map(String),
    ttl: 60,
  });
  const user: string = await users.load(1);
  console.log(text, bytes, ok, maybe, replies, inScope, changed, user);

  // @ts-expect-error: the client's own types still refuse what it refuses
  await redis.get({ not: "a key" });
  // @ts-expect-error: no such command
  await redis.got("key");
  // @ts-expect-error: no such option
  tickpipe(new Redis(), { flushAt: "nextTick" });
  // @ts-expect-error: no such schedule
  tickpipe(new Redis(), { flush: "sometimes" });
  // @ts-expect-error: no client
  tickpipe("redis://localhost");
}

const options: TickpipeOptions = { dedupe: false };
const app = express();
app.use(perRequest(tickpipe(new Redis(), options), { memo: true, property: "redis" }));
app.use("/_tickpipe", inspector(redis, { redact: (key) => key.slice(0, 3) }));

export async function handler(req: Request): Promise<string | null> {
  const roundTrips: number | undefined = req.redis.tickpipe.currentScope()?.stats().roundTrips;
  console.log(roundTrips);
  return req.redis.get("key");
}
