import { once } from "node:events";
import type { Cluster, Redis } from "ioredis";
import { range } from "../engine.ts";
import { calls } from "../integration/calls.ts";

type Program = (cluster: Cluster) => unknown;

/** What a Cluster does not have, or sends to a node by chance: older ones know the keys of commands in lower case alone. */
const NOT_FOR_A_CLUSTER: ReadonlySet<string> = new Set([
  ...[
    "transactions",
    "a transaction that is discarded",
    "eval and evalsha",
    "scan streams",
    "monitor mode",
    "call, callBuffer and send_command",
  ],
  "select and the database that follows",
  "disconnect in the middle of a tick, and connect again",
]);

/** The calls of a client of one server, with keys that are all in one slot by the client's `keyPrefix`. */
export const callsInOneSlot: readonly [string, Program][] = Object.entries(calls)
  .filter(([name]) => !NOT_FOR_A_CLUSTER.has(name))
  // What these programs call is alike on both.
  .map(([name, program]) => [name, (cluster) => program(cluster as unknown as Redis)]);

const messageOf = (error: Error): string => error.message;

/** Calls that only a Cluster has, or that are about several slots; each must come out the same on the plain client and on the view. */
export const clusterCalls: Readonly<Record<string, Program>> = {
  "keys of many slots": (cluster) =>
    Promise.all([
      ...range(30).map((i) => cluster.set(`k${i}`, i)),
      ...range(30).map((i) => cluster.getBuffer(`k${i}`)),
      ...range(30).map((i) => cluster.incr(Buffer.from(`k${i}`))),
      ...range(30).map((i) => cluster.hset(`h${i}`, { f: i })),
      ...range(30).map((i) => cluster.hgetall(`h${i}`)),
    ]),
  "one call over several slots": (cluster) =>
    Promise.allSettled([
      cluster.mget("a", "b", "c"),
      cluster.mset({ a: 1, b: 2 }),
      cluster.del(["a", "b"]),
      cluster.get("a"),
      cluster.mget("{t}a", "{t}b"),
    ]),
  "pipelines over several slots": (cluster) =>
    Promise.allSettled([
      cluster.pipeline().set("a", 1).set("b", 2).set("c", 3).exec(),
      cluster.pipeline().mget("a", "b").exec(),
      cluster.pipeline().set("{t}a", 1).incr("{t}a").get("{t}b").exec(),
      cluster.multi().set("a", 1).set("b", 2).set("c", 3).exec(),
      cluster.multi().set("{t}a", 5).incr("{t}a").lpush("{t}a", "x").exec(),
      cluster.pipeline().exec(),
    ]),
  "errors of the nodes": (cluster) =>
    Promise.allSettled([
      cluster.set("k", "text"),
      cluster.incr("k"),
      cluster.call("nonsense", "k"),
      cluster.get("k", "and more" as never),
      cluster.eval("return redis.error_reply('MY own')", 1, "k"),
    ]),
  "call and callBuffer": (cluster) =>
    Promise.all([cluster.call("set", "k", "v"), cluster.callBuffer("get", "k"), cluster.call("get", ["k"])]),
  "callbacks and Buffers": async (cluster) => {
    const seen: unknown[] = [];
    await Promise.allSettled([
      cluster.set("k", Buffer.from([0, 255]), (error, reply) => seen.push([error, reply])),
      cluster.getBuffer("k", (error, reply) => seen.push([error, reply])),
      cluster.incr("k", (error) => seen.push(error?.message)),
      cluster.mgetBuffer("{t}a", Buffer.from("{t}b")),
    ]);
    return seen;
  },
  "scan streams of a key": async (cluster) => {
    await Promise.all([cluster.sadd("set", "a"), cluster.hset("hash", "f", "v"), cluster.zadd("zset", 1, "m")]);
    const all = async (stream: AsyncIterable<unknown[]>) => {
      const found: unknown[] = [];
      for await (const portion of stream) found.push(...portion);
      return found.map(String).sort();
    };
    return Promise.all([
      all(cluster.sscanStream("set")),
      all(cluster.hscanStream("hash")),
      all(cluster.zscanBufferStream("zset")),
      "scanStream" in cluster,
    ]);
  },
  "its nodes": async (cluster) => {
    const [masters, replicas] = [cluster.nodes("master"), cluster.nodes("slave")];
    const answers = await Promise.all(masters.map((node) => node.ping()));
    return [masters.length, replicas.length, cluster.nodes().length, answers, cluster.isCluster, cluster.status];
  },
  "pub/sub beside other calls": async (cluster) => {
    const received = once(cluster, "message");
    const counts = [await cluster.subscribe("news", "sport")];
    await cluster.set("k", "still a client for commands");
    await cluster.publish("news", "hello");
    const message = await received;
    counts.push(await cluster.unsubscribe("news", "sport"));
    return [counts, message, await cluster.get("k")];
  },
  "calls after its end": async (cluster) => {
    const ended = once(cluster, "end");
    const last = await Promise.all([cluster.set("k", 1), cluster.get("k"), cluster.quit()]);
    await ended;
    return [last, cluster.status, await cluster.get("k").catch(messageOf), await cluster.quit().catch(messageOf)];
  },
  "a disconnect in the middle of a tick": async (cluster) => {
    const ended = once(cluster, "end");
    const before = Promise.allSettled([cluster.get("a"), cluster.get("b")]);
    cluster.disconnect();
    const late = cluster.get("c").catch(messageOf);
    await ended;
    const replies = await before;
    return [replies.map(({ status }) => status), await late];
  },
};
