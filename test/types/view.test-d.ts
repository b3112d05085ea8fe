/*
 * Checked by the compiler alone: a view's methods have exactly the client's types. A line marked as an error fails the
 * type check if it is none.
 */
import type { EventEmitter } from "node:events";
import { type Scope, type ScopeRecord, type Tickpiped, tickpipe } from "@tickpipe/core";
import { collectMetrics } from "@tickpipe/core/metrics";
import { openTelemetry } from "@tickpipe/core/otel";
import { type countRoundTrips, expectNoWaterfall, expectRoundTrips } from "@tickpipe/core/testing";
import { perRequest } from "@tickpipe/express";
import express5 from "express";
import express4 from "express4";
import { Cluster, Redis } from "ioredis";
import { Cluster as Cluster5, Redis as Redis5 } from "ioredis5";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const check = <T extends true>(..._proof: T[]): void => {};

const client = new Redis({ lazyConnect: true });
const redis = tickpipe(client);
const older = tickpipe(new Redis5({ lazyConnect: true }));

check<Same<typeof redis, Tickpiped<Redis>>>();
// Every member of the client, by name: all the same, but for the emitter's, which return the view for chaining, and duplicate(), which returns a view.
type Differing = {
  [Name in keyof Redis]-?: Same<Tickpiped<Redis>[Name], Redis[Name]> extends true ? never : Name;
}[keyof Redis];
check<Differing extends keyof EventEmitter | "duplicate" ? true : false>();
const twin = redis.duplicate({ db: 1 });
check<Same<typeof twin, Tickpiped<Redis>>>();
check<Same<Parameters<typeof redis.duplicate>, Parameters<Redis["duplicate"]>>>();
check<Same<ReturnType<ReturnType<typeof twin.duplicate>["incr"]>, Promise<number>>>();
// @ts-expect-error it takes what the client's own takes
redis.duplicate("db");
check<Same<ReturnType<typeof redis.on>, Tickpiped<Redis>>>();
check<Same<typeof redis.tickpipe.client, Redis>>();
check<Same<ReturnType<typeof redis.incr>, Promise<number>>>();

const cluster = tickpipe(new Cluster([], { lazyConnect: true }), { splitSlots: true });
check<Same<typeof cluster, Tickpiped<Cluster>>>();
type DifferingOfCluster = {
  [Name in keyof Cluster]-?: Same<Tickpiped<Cluster>[Name], Cluster[Name]> extends true ? never : Name;
}[keyof Cluster];
check<DifferingOfCluster extends keyof EventEmitter | "duplicate" ? true : false>();
const twinOfCluster = cluster.duplicate([], { scaleReads: "all" });
check<Same<typeof twinOfCluster, Tickpiped<Cluster>>>();
check<Same<typeof cluster.tickpipe.client, Cluster>>();
check<Same<ReturnType<typeof cluster.nodes>, Redis[]>>();
const olderCluster = tickpipe(new Cluster5([], { lazyConnect: true }));
check<Same<typeof olderCluster.mget, Cluster5["mget"]>>();
cluster.tickpipe.transaction(["k"], async (tx) => {
  check<Same<typeof tx, Cluster>>();
  return (await tx.get("k")) === null ? null : tx.multi().del("k");
});

const passedOn: Redis = redis;
void passedOn;

// @ts-expect-error get gives a string or null, never a number
const wrongReply: Promise<number> = redis.get("k");
// @ts-expect-error a command that does not exist
redis.gett("k");
// @ts-expect-error set needs a value
redis.set("k");
// @ts-expect-error "tickpipe" cannot be replaced
redis.tickpipe = older.tickpipe;
void wrongReply;

// @ts-expect-error not a client
tickpipe({});
// @ts-expect-error a class is not a client
tickpipe(Redis);
// @ts-expect-error a URL is not a client
tickpipe("redis://localhost");
// @ts-expect-error not a schedule
tickpipe(client, { flush: "soon" });
// @ts-expect-error not an option
tickpipe(client, { flushes: "immediate" });

class Store extends Redis {
  saved(key: string): Promise<boolean> {
    return this.exists(key).then((count) => count > 0);
  }
}
const store = tickpipe(new Store({ lazyConnect: true }));
check<Same<ReturnType<typeof store.saved>, Promise<boolean>>>();

check<Same<typeof older.get, Redis5["get"]>>();

const transaction = redis.tickpipe.transaction(["k", Buffer.from("k")], async (tx) => {
  check<Same<typeof tx, Redis>>();
  return (await tx.get("k")) === null ? null : tx.multi().del("k");
});
check<Same<typeof transaction, Promise<[error: Error | null, result: unknown][] | null>>>();
older.tickpipe.transaction(["k"], (tx) => tx.multi().del("k"), { retries: 3 });
older.tickpipe.transaction(["k"], async (tx) => {
  if ((await tx.get("k")) === null) return;
  return tx.multi().del("k");
});
// @ts-expect-error its multi() is to be returned without exec()
redis.tickpipe.transaction(["k"], (tx) => tx.multi().del("k").exec());
// @ts-expect-error the keys are an array
redis.tickpipe.transaction("k", () => null);
// @ts-expect-error not an option
redis.tickpipe.transaction(["k"], () => null, { retry: 3 });

const scope = redis.tickpipe.scope({ name: "report" });
check<Same<typeof scope.redis, Tickpiped<Redis>>>();

express5().use(perRequest(redis), (req, _res, next) => {
  check<Same<typeof req.redis, Tickpiped<Redis>>>();
  // @ts-expect-error the view is not a string
  const wrong: string = req.redis;
  void wrong;
  next();
});
express4().use(perRequest(client), (req, _res, next) => {
  check<Same<typeof req.redis.get, Redis["get"]>>();
  next();
});

interface User {
  name: string;
}
const users = redis.tickpipe.loader({
  key: (id: number) => `user:${id}`,
  load: async (ids): Promise<(User | null | Error)[]> => ids.map((id) => (id === 0 ? new Error("no") : null)),
  ttl: 60,
});
// An error for an id is no value: it rejects.
check<Same<ReturnType<typeof users.load>, Promise<User | null>>>();
check<Same<ReturnType<typeof users.loadMany>, Promise<(User | null | Error)[]>>>();
void users.for(redis).load(1);
// @ts-expect-error an id is a number here
void users.load("1");
// @ts-expect-error a loader of a client is not one of what is not wrapped
users.for(client);
// @ts-expect-error ttl is needed
redis.tickpipe.loader({ key: String, load: async () => [] });

const endRecording = redis.tickpipe.record(
  (record, of) => {
    check<Same<typeof record, ScopeRecord>>();
    check<Same<typeof of, Scope<Redis>>>();
    // @ts-expect-error a record is not to be written to
    record.droppedCalls = 1;
  },
  { callSites: true, replyUses: true, opened: (of) => void of.redis.get("k") },
);
check<Same<typeof endRecording, () => void>>();
// @ts-expect-error there is no such option
redis.tickpipe.record(() => {}, { values: true });
check<Same<ReturnType<Scope<Redis>["record"]>, ScopeRecord | undefined>>();

check<Same<ReturnType<typeof countRoundTrips>, Promise<number>>>();
const length = expectRoundTrips(redis, async (own) => (await own.get("k"))?.length, { atMost: 1 });
check<Same<typeof length, Promise<number | undefined>>>();
const text = expectNoWaterfall(client, (own) => own.get("k"));
check<Same<typeof text, Promise<string | null>>>();
// @ts-expect-error the limit is needed
void expectRoundTrips(redis, () => 1);

check<Same<ReturnType<typeof collectMetrics>, () => void>>();
collectMetrics(older, { client: "older" });
openTelemetry(cluster, { batchSpans: true });
// @ts-expect-error a URL is not a client
collectMetrics("redis://host");
