import { tickpipe } from "@tickpipe/core";
import { type CountingProxy, countSocketWrites, startCountingProxy } from "@tickpipe/test-support";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";

const server = useServer();
let proxy: CountingProxy;
beforeAll(async () => {
  proxy = await startCountingProxy(server.port);
});
afterAll(() => proxy.stop());

const nextTick = () => new Promise((resolve) => setImmediate(resolve));

async function ready(client: Redis): Promise<Redis> {
  await client.ping();
  await nextTick();
  return client;
}

describe("one write per tick", () => {
  it.each([1, 50, 5_000])("sends %i calls of one tick in one write, and each gets its own reply", async (calls) => {
    const redis = tickpipe(await ready(server.client()));
    const writes = countSocketWrites(redis.stream);
    const set = await Promise.all(range(calls).map((i) => redis.set(`k${i}`, `v${i}`)));
    expect(writes.take()).toBe(1);
    expect(set).toEqual(range(calls).map(() => "OK"));
    const got = await Promise.all(range(calls).map((i) => redis.get(`k${i}`)));
    expect(writes.take()).toBe(1);
    expect(got).toEqual(range(calls).map((i) => `v${i}`));
  });

  it("is one arrival at the other end of the connection, where the plain client makes several", async () => {
    const plain = await ready(server.client({ port: proxy.port }));
    const redis = tickpipe(await ready(server.client({ port: proxy.port })));
    const plainWrites = countSocketWrites(plain.stream);
    await proxy.take();
    await Promise.all(range(50).map((i) => redis.set(`k${i}`, i)));
    const wrapped = await proxy.take();
    expect(wrapped.arrivals).toBe(1);
    await Promise.all(range(50).map((i) => plain.set(`k${i}`, i)));
    expect(await proxy.take()).toMatchObject({ bytes: wrapped.bytes });
    // The kernel may join some of the plain client's writes on their way; at its socket none is joined.
    expect(plainWrites.take()).toBe(50);
  });

  it("counts an arrival for each write that is awaited before the next", async () => {
    const plain = await ready(server.client({ port: proxy.port }));
    await proxy.take();
    for (const i of range(10)) await plain.set("k", i);
    expect((await proxy.take()).arrivals).toBe(10);
  });

  it("takes pipelines, transactions, scripts, streams and raw calls of the tick into the same write", async () => {
    const raw = await ready(server.client());
    const redis = tickpipe(raw);
    redis.defineCommand("double", { numberOfKeys: 1, lua: "return redis.call('get', KEYS[1]) * 2" });
    const writes = countSocketWrites(redis.stream);
    const scanned: string[] = [];
    const stream = redis.scanStream({ match: "n" }).on("data", (keys: string[]) => scanned.push(...keys));
    const streamEnded = new Promise((resolve) => stream.on("end", resolve));
    const replies = await Promise.all([
      redis.set("n", 21),
      redis.pipeline().get("n").incr("n").exec(),
      redis.multi().incr("n").get("n").exec(),
      (redis as unknown as { double(key: string): Promise<number> }).double("n"),
      raw.get("n"),
      redis.call("GET", "n"),
    ]);
    expect(writes.take()).toBe(1);
    expect(replies).toEqual([
      "OK",
      [
        [null, "21"],
        [null, 22],
      ],
      [
        [null, 23],
        [null, "23"],
      ],
      46,
      "23",
      "23",
    ]);
    await streamEnded;
    expect(new Set(scanned)).toEqual(new Set(["n"]));
  });

  it("sends in the tick's write what a subclass's own method calls", async () => {
    const { Redis } = await import("ioredis");
    class Store extends Redis {
      #prefix = "own:";
      saved(key: string): Promise<string> {
        return this.set(this.#prefix + key, 1);
      }
    }
    const store = new Store(server.port);
    await ready(store);
    const redis = tickpipe(store);
    const writes = countSocketWrites(redis.stream);
    await Promise.all([redis.saved("a"), redis.saved("b"), redis.get("c")]);
    expect(writes.take()).toBe(1);
    store.disconnect();
  });

  it.each(["immediate", "nextTick", "microtask"] as const)("gathers synchronous calls with flush %s", async (flush) => {
    const redis = tickpipe(await ready(server.client()), { flush });
    const writes = countSocketWrites(redis.stream);
    await Promise.all(range(20).map((i) => redis.set(`k${i}`, i)));
    expect(writes.take()).toBe(1);
  });

  it("sends with the microtasks, the next tick or the iteration's end, as flush asks", async () => {
    const sentBy = async (flush: "immediate" | "nextTick" | "microtask") => {
      const redis = tickpipe(await ready(server.client()), { flush });
      const writes = countSocketWrites(redis.stream);
      // From an immediate on, microtasks run before the next tick, and both before the next immediate.
      await nextTick();
      const seen: number[] = [];
      const reply = redis.ping();
      seen.push(writes.take());
      await Promise.resolve();
      seen.push(writes.take());
      await new Promise((resolve) => process.nextTick(resolve));
      seen.push(writes.take());
      await nextTick();
      seen.push(writes.take());
      await reply;
      return seen;
    };
    expect(await sentBy("microtask")).toEqual([0, 1, 0, 0]);
    expect(await sentBy("nextTick")).toEqual([0, 0, 1, 0]);
    expect(await sentBy("immediate")).toEqual([0, 0, 0, 1]);
  });

  it("lets a schedule of one's own decide when the calls leave", async () => {
    const flushes: (() => void)[] = [];
    const redis = tickpipe(await ready(server.client()), { flush: (flush) => flushes.push(flush) });
    const writes = countSocketWrites(redis.stream);
    const replies = [redis.set("k", 1), redis.get("k")];
    await nextTick();
    replies.push(redis.get("k"));
    expect(flushes).toHaveLength(1);
    expect(writes.take()).toBe(0);
    flushes[0]?.();
    expect(writes.take()).toBe(1);
    expect(await Promise.all(replies)).toEqual(["OK", "1", "1"]);
  });

  it("goes on working when a schedule of one's own calls flush at once, twice or late, or throws", async () => {
    let fail = false;
    const redis = tickpipe(await ready(server.client()), {
      flush: (flush) => {
        if (fail) throw new Error("no schedule today");
        flush();
        setTimeout(flush, 1);
        setTimeout(flush, 2);
      },
    });
    expect(await Promise.all([redis.set("k", 1), redis.get("k")])).toEqual(["OK", "1"]);
    fail = true;
    expect(() => redis.get("k")).toThrow("no schedule today");
    expect(redis.stream.writableCorked).toBe(0);
    fail = false;
    expect(await redis.get("k")).toBe("1");
  });

  it("lets a batch of maxBatchBytes go before the end of the tick", async () => {
    const redis = tickpipe(await ready(server.client()), { maxBatchBytes: 10_000 });
    const writes = countSocketWrites(redis.stream);
    const value = "x".repeat(1_000);
    const replies = range(100).map((i) => redis.set(`k${i}`, value));
    const early = writes.take();
    await Promise.all(replies);
    const { earlyFlushes, batches, largestBatch } = redis.tickpipe.stats();
    // 100 calls of a little over 1,000 bytes, 10 in each batch; the last batch waits for the end of the tick.
    expect([early, writes.take()]).toEqual([9, 1]);
    expect({ earlyFlushes, batches, largestBatch }).toEqual({ earlyFlushes: 9, batches: 10, largestBatch: 10 });
  });

  it("sends at once on flush(), and gathers the rest of the tick anew", async () => {
    const redis = tickpipe(await ready(server.client()));
    const writes = countSocketWrites(redis.stream);
    redis.tickpipe.flush();
    const replies = [redis.set("k", 1), redis.get("k")];
    redis.tickpipe.flush();
    expect(writes.take()).toBe(1);
    replies.push(redis.get("k"), redis.get("k"));
    expect(await Promise.all(replies)).toEqual(["OK", "1", "1", "1"]);
    expect(writes.take()).toBe(1);
  });

  it("leaves no stream corked after the tick", async () => {
    const redis = tickpipe(await ready(server.client()));
    const reply = redis.ping();
    expect(redis.stream.writableCorked).toBe(1);
    await nextTick();
    expect(redis.stream.writableCorked).toBe(0);
    await reply;
  });

  it("counts what it did", async () => {
    const redis = tickpipe(await ready(server.client()));
    await Promise.all([redis.set("k", 1), redis.pipeline().get("k").get("k").exec()]);
    await redis.get("k");
    expect(redis.tickpipe.stats()).toEqual({
      ...{ commands: 4, batches: 2, earlyFlushes: 0, largestBatch: 3, lean: true, deduplicated: 0 },
      ...{ pending: 0, waiting: 0, overloads: 0, behindBlocking: 0, blockingConnections: 0 },
      ...{ transactionConnections: 0, transactionsRunning: 0, transactionsWaiting: 0 },
    });
  });

  it("sends what waited for the connection in one write when it is there", async () => {
    // ioredis emits "connect" when it has begun the handshake, and sends what waited when it has ended.
    const writesAfterConnect = async (redis: Redis, calls: number): Promise<number> => {
      let writes = { take: () => 0 };
      redis.once("connect", () => {
        writes = countSocketWrites(redis.stream);
      });
      const connected = redis.connect();
      const replies = range(calls).map((i) => redis.set(`k${i}`, i));
      await connected;
      expect(await Promise.all(replies)).toEqual(range(calls).map(() => "OK"));
      return writes.take();
    };
    const handshake = await writesAfterConnect(server.client({ lazyConnect: true }), 0);
    expect(await writesAfterConnect(server.client({ lazyConnect: true }), 100)).toBe(handshake + 100);
    expect(await writesAfterConnect(tickpipe(server.client({ lazyConnect: true })), 100)).toBe(handshake + 1);
  });

  it("sends what waited in one write where there is no handshake to wait for", async () => {
    const noHandshake = { lazyConnect: true, enableReadyCheck: false, disableClientInfo: true, protocol: 2 } as const;
    const redis = tickpipe(server.client(noHandshake));
    const replies = range(100).map((i) => redis.set(`k${i}`, i));
    // ioredis emits "connect" when the socket is there, and sends what waited right after.
    const writes = new Promise<{ take(): number }>((resolve) => {
      redis.once("connect", () => resolve(countSocketWrites(redis.stream)));
    });
    expect(await Promise.all(replies)).toEqual(range(100).map(() => "OK"));
    expect((await writes).take()).toBe(1);
  });

  it("gathers and counts the SCAN calls of scan streams, also those of later ticks", async () => {
    const redis = tickpipe(await ready(server.client()));
    await redis.flushall();
    await redis.mset(Object.fromEntries(range(300).map((i) => [`page${i}`, i])));
    const before = redis.tickpipe.stats().commands;
    const scope = redis.tickpipe.scope();
    for (const view of [redis, scope.redis]) {
      let pages = 0;
      for await (const _keys of view.scanStream({ count: 50 })) pages += 1;
      expect(pages).toBeGreaterThan(2);
    }
    const calls = redis.tickpipe.stats().commands - before;
    expect(scope.stats().commands).toBeGreaterThan(2);
    expect(calls).toBe(2 * scope.stats().commands);
  });
});
