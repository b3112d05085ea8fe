import { once } from "node:events";
import type { Redis } from "ioredis";
import { range } from "../engine.ts";

/** Methods that the types of a client do not know: scripts, and ioredis's old names. */
type Untyped = Record<string, (...args: unknown[]) => Promise<unknown>>;
const untyped = (redis: Redis): Untyped => redis as unknown as Untyped;

/** Calls as users write them; each must come out the same on the plain client and on the view. */
export const calls: Readonly<Record<string, (redis: Redis) => unknown>> = {
  "strings, numbers and Buffers as arguments": (redis) =>
    Promise.all([
      redis.set("s", "a"),
      redis.set("n", 1.5),
      redis.set(Buffer.from("b"), Buffer.from([0, 255, 13, 10])),
      redis.mget("s", "n", "b"),
      redis.getBuffer("b"),
      redis.mgetBuffer(["s", "b"]),
    ]),
  "arrays, objects and maps as arguments": (redis) =>
    Promise.all([
      redis.mset({ a: 1, b: 2 }),
      redis.hset("h", new Map([["f", "v"]])),
      redis.hset("h", { g: "w" }),
      redis.del(["a", "x"]),
      redis.hgetall("h"),
      redis.hgetallBuffer("h"),
      redis.hgetall("missing"),
    ]),
  "null and undefined as arguments": (redis) =>
    Promise.all([redis.set("k", null as never), redis.get("k"), redis.set("k", undefined as never), redis.get("k")]),
  "call, callBuffer and send_command": (redis) =>
    Promise.all([
      redis.call("SET", "k", "v"),
      redis.call("get", ["k"]),
      redis.callBuffer("GET", "k"),
      untyped(redis).send_command?.("get", "k"),
    ]),
  "errors of the server": (redis) =>
    Promise.allSettled([
      redis.set("k", "text"),
      redis.incr("k"),
      redis.lpush("k", "x"),
      redis.call("nonsense"),
      redis.get("k"),
    ]),
  callbacks: (redis) => {
    const seen: unknown[] = [];
    const note = (error: unknown, reply: unknown) => seen.push([error instanceof Error ? error.message : error, reply]);
    return Promise.allSettled([
      redis.set("k", "text", note),
      redis.get("k", note),
      redis.incr("k", note),
      redis.getBuffer("k", note),
      redis.pipeline().get("k").exec(note),
      redis.multi().get("k").exec(note),
    ]).then((settled) => [settled, seen]);
  },
  pipelines: (redis) =>
    Promise.all([
      redis.pipeline().set("k", 1).incr("k").lpush("k", 1).getBuffer("k").exec(),
      redis
        .pipeline([
          ["set", "l", "1"],
          ["get", "l"],
        ])
        .exec(),
      redis.pipeline().exec(),
      redis.pipeline([["set", "m", 1], ["multi"], ["incr", "m"], ["exec"]]).exec(),
    ]),
  "length and callbacks of a pipeline": async (redis) => {
    const each: unknown[] = [];
    const pipeline = redis.pipeline().set("k", 1, (...seen) => each.push(seen));
    return [pipeline.length, await pipeline.exec(), each];
  },
  transactions: (redis) =>
    Promise.all([
      redis.multi().set("k", 1).incr("k").exec(),
      redis.multi([["set", "l", "1"]]).exec(),
      redis.multi().set("k", "text").incr("k").exec(),
      redis.multi({ pipeline: false }),
      redis.set("k", 5),
      redis.incr("k"),
      redis.exec(),
    ]),
  "a transaction that is discarded": (redis) =>
    Promise.allSettled([
      redis.multi([["set", "k"]]).exec(),
      redis.multi({ pipeline: false }),
      redis.set("k", 1),
      redis.discard(),
      redis.get("k"),
    ]),
  "WATCH and a change of the watched key": async (redis) => {
    await redis.watch("k");
    await redis.set("k", "changed");
    return [await redis.multi().set("k", "mine").exec(), await redis.get("k"), await redis.unwatch()];
  },
  "scripts, defined before and later": async (redis) => {
    redis.defineCommand("add", { numberOfKeys: 1, lua: "return redis.call('incrby', KEYS[1], ARGV[1])" });
    const { add, addBuffer } = untyped(redis);
    const first = await Promise.all([
      add?.call(redis, "n", 2),
      add?.call(redis, "n", 3),
      addBuffer?.call(redis, "n", 1),
    ]);
    redis.defineCommand("whole", { lua: "return {KEYS[1], ARGV[1]}" });
    await redis.script("FLUSH");
    return [
      first,
      await untyped(redis).whole?.(1, "key", "argument"),
      await untyped(redis).wholeBuffer?.(1, "key", "argument"),
      await untyped(redis).add?.("n", 1),
      await (redis.pipeline() as unknown as { add(...args: unknown[]): { exec(): Promise<unknown> } })
        .add("n", 1)
        .exec(),
    ];
  },
  "eval and evalsha": async (redis) => {
    const sha = (await redis.script("LOAD", "return ARGV[1]")) as string;
    return Promise.allSettled([
      redis.eval("return 1", 0),
      redis.evalsha(sha, 0, "x"),
      redis.evalsha("0".repeat(40), 0),
    ]);
  },
  "a command added by name": async (redis) => {
    redis.addBuiltinCommand("object_of_a_module");
    return Promise.allSettled([
      untyped(redis).object_of_a_module?.("x"),
      untyped(redis).object_of_a_moduleBuffer?.("x"),
    ]);
  },
  "sorted sets, streams and nested replies": (redis) =>
    Promise.all([
      redis.zadd("z", 1.5, "a"),
      redis.zadd("z", 2, "b"),
      redis.zrange("z", "0", "-1", "WITHSCORES"),
      redis.zscore("z", "a"),
      redis.xadd("x", "1-1", "f", "v"),
      redis.xrange("x", "-", "+"),
      redis.xread("STREAMS", "x", "0"),
      redis.hset("h", "f", "1"),
      redis.config("GET", "maxmemory"),
      redis.sadd("set", "only"),
      redis.smembers("set"),
    ]),
  "scan streams": async (redis) => {
    await redis.mset(Object.fromEntries(range(30).map((i) => [`scan${i}`, i])));
    await Promise.all([redis.sadd("set", "a"), redis.hset("hash", "f", "v"), redis.zadd("zset", 1, "m")]);
    const all = async (stream: AsyncIterable<unknown[]>) => {
      const found: unknown[] = [];
      for await (const portion of stream) found.push(...portion);
      return found.map((item) => (Buffer.isBuffer(item) ? `Buffer ${item}` : item)).sort();
    };
    return Promise.all([
      all(redis.scanStream({ match: "scan*", count: 5 })),
      all(redis.scanBufferStream({ match: "scan*" })),
      all(redis.sscanStream("set")),
      all(redis.sscanBufferStream("set")),
      all(redis.hscanStream("hash")),
      all(redis.hscanBufferStream("hash")),
      all(redis.zscanStream("zset")),
      all(redis.zscanBufferStream("zset")),
    ]);
  },
  "pub/sub": async (redis) => {
    const subscriber = redis.duplicate();
    const seen: unknown[] = [];
    subscriber.on("message", (...message) => seen.push(["message", ...message]));
    subscriber.on("pmessageBuffer", (...message) => seen.push(["pmessageBuffer", ...message.map(String)]));
    const counts = [await subscriber.subscribe("news", "sport"), await subscriber.psubscribe("ne*")];
    const received = once(subscriber, "pmessageBuffer");
    await redis.publish("news", "hello");
    await received;
    counts.push(await subscriber.unsubscribe("news", "sport"), await subscriber.punsubscribe("ne*"));
    const after = await subscriber.ping();
    subscriber.disconnect();
    return [counts, seen, after];
  },
  "monitor mode": async (redis) => {
    const monitor = await redis.monitor();
    const seen = new Promise((resolve) => {
      monitor.on("monitor", (_time, args: string[]) => args[0] === "set" && resolve(args));
    });
    redis.set("k", "v");
    const args = await seen;
    const refused = await monitor.get("k").catch((error: Error) => error.message);
    monitor.disconnect();
    return [args, refused];
  },
  "select and the database that follows": async (redis) => {
    const events: unknown[] = [];
    redis.once("select", (database) => events.push(database));
    redis.select(1);
    const replies = await Promise.all([redis.set("k", "in 1"), redis.get("k")]);
    await redis.select(0);
    return [replies, await redis.exists("k"), events];
  },
  "its state": (redis) => [
    ...[redis.status, redis.mode, redis.isCluster, redis.options.host, redis.autoPipelineQueueSize],
    ...[typeof redis.stream, "get" in redis, "scanIterator" in redis, "nothing" in redis],
    ...[
      redis.constructor.name,
      Object.prototype.toString.call(redis),
      typeof redis.get,
      redis.getBuiltinCommands().length,
    ],
  ],
  "a listener's chain, count and removal": (redis) => {
    const seen: number[] = [];
    const listener = (n: number) => seen.push(n);
    const chained = redis.on("own", listener).once("own", listener) === redis;
    const counted = redis.listenerCount("own");
    redis.emit("own", 1);
    redis.off("own", listener);
    redis.emit("own", 2);
    return [chained, counted, seen, redis.listenerCount("own"), redis.eventNames().includes("own")];
  },
  "properties that a user writes": (redis) => {
    const own = redis as Redis & { note?: unknown; greet?: () => string };
    own.note = { any: "thing" };
    const greet = () => "hello";
    own.greet = greet;
    return [own.note, own.greet(), own.greet === greet, "note" in own];
  },
  "a method that a user replaces": async (redis) => {
    const { get, connect } = redis;
    let count = 0;
    redis.get = function (this: Redis, ...args: unknown[]) {
      count += 1;
      return Reflect.apply(get, this, args);
    } as Redis["get"];
    redis.connect = function (this: Redis) {
      count += 10;
      return connect.call(this);
    };
    const refused = await redis.connect().catch((error: Error) => error.message);
    return [await redis.get("k"), await redis.get("k"), refused, count];
  },
  "connect while connected, quit, and calls after the end": async (redis) => {
    const other = redis.duplicate();
    await other.ping();
    const refused = await other.connect().catch((error: Error) => error.message);
    const ended = once(other, "end");
    const last = await Promise.all([other.set("k", 1), other.quit()]);
    await ended;
    return [refused, last, other.status, await other.get("k").catch((error: Error) => error.message)];
  },
  "disconnect in the middle of a tick, and connect again": async (redis) => {
    const other = redis.duplicate();
    await other.ping();
    const replies = Promise.allSettled([other.set("k", "sent before"), other.get("k")]);
    const ended = once(other, "end");
    other.disconnect();
    const late = other.get("k").catch((error: Error) => error.message);
    await ended;
    const outcome = [await replies, await late];
    await other.connect();
    outcome.push(await other.get("k"));
    other.disconnect();
    return outcome;
  },
};
