import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tickpipe } from "@tickpipe/core";
import { countSocketWrites, startProxy } from "@tickpipe/test-support";
import type { Redis } from "ioredis";
import { generate } from "selfsigned";
import { describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";

const server = useServer();

async function setsAndGetsInOneWrite(redis: Redis): Promise<void> {
  await redis.ping();
  const writes = countSocketWrites(redis.stream);
  const replies = await Promise.all([...range(10).map((i) => redis.set(`k${i}`, i)), redis.getBuffer("k3")]);
  expect(replies).toEqual([...range(10).map(() => "OK"), Buffer.from("3")]);
  expect(writes.take()).toBe(1);
}

describe("connections", () => {
  it("gathers over TLS", async () => {
    const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], { keySize: 2048 });
    const proxy = await startProxy(server.port, { tls: { key, cert } });
    const redis = tickpipe(server.client({ port: proxy.port, tls: { ca: cert, servername: "localhost" } }));
    await setsAndGetsInOneWrite(redis);
    redis.disconnect();
    await proxy.stop();
  });

  it("gathers over a Unix socket", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tickpipe-"));
    const path = join(folder, "redis.sock");
    const proxy = await startProxy(server.port, { path });
    const redis = tickpipe(server.client({ path }));
    await setsAndGetsInOneWrite(redis);
    redis.disconnect();
    await proxy.stop();
    await rm(folder, { recursive: true });
  });

  it("honours keyPrefix in commands, pipelines and scripts", async () => {
    const redis = tickpipe(server.client({ keyPrefix: "app:" }));
    redis.defineCommand("own", { numberOfKeys: 1, lua: "return KEYS[1]" });
    await Promise.all([redis.set("a", 1), redis.pipeline().set("b", 1).exec(), redis.multi().set("c", 1).exec()]);
    const plain = server.client();
    expect(await plain.exists("app:a", "app:b", "app:c")).toBe(3);
    expect(await (redis as unknown as { own(key: string): Promise<string> }).own("k")).toBe("app:k");
  });

  it("connects at the first call with lazyConnect, and keeps that call's tick in order", async () => {
    const redis = tickpipe(server.client({ lazyConnect: true }));
    expect(redis.status).toBe("wait");
    expect(await Promise.all([redis.set("lazy", 1), redis.incr("lazy"), redis.get("lazy")])).toEqual(["OK", 2, "2"]);
    expect(redis.status).toBe("ready");
  });

  it("gathers on the new connection after a reconnect", async () => {
    const redis = tickpipe(server.client());
    await redis.ping();
    for (const _ of range(3)) {
      const before = redis.stream;
      const reconnected = once(redis, "ready");
      redis.disconnect(true);
      await reconnected;
      expect(redis.stream).not.toBe(before);
      await setsAndGetsInOneWrite(redis);
      expect(redis.stream.writableCorked).toBe(0);
    }
  });

  it("sends again after a lost connection what had no reply, in one write and in order", async () => {
    const redis = tickpipe(server.client());
    await redis.del("list");
    const replies: Promise<number>[] = [];
    let resent = { take: () => 0 };
    redis.once("connect", () => {
      resent = countSocketWrites(redis.stream);
    });
    const { stream } = redis;
    replies.push(...range(100).map((i) => redis.rpush("list", i)));
    // Lost before the tick ends, so that nothing has been sent yet.
    stream.destroy();
    replies.push(...range(100).map((i) => redis.rpush("list", 100 + i)));
    expect(await Promise.all(replies)).toEqual(range(200).map((i) => i + 1));
    expect(await redis.lrange("list", 0, -1)).toEqual(range(200).map(String));
    // INFO of the handshake, the 200 commands, and the LRANGE.
    expect(resent.take()).toBe(3);
  });

  it("corks the new stream, and never the old, when the connection is replaced within a tick", async () => {
    const redis = tickpipe(server.client(), { flush: (flush) => setTimeout(flush, 100) });
    await redis.ping();
    const old = redis.stream;
    const first = redis.set("k", "old stream");
    const reconnected = once(redis, "ready");
    redis.disconnect(true);
    await reconnected;
    const second = redis.get("k");
    expect(redis.stream.writableCorked).toBe(1);
    expect(old.writableCorked).toBe(0);
    expect(await Promise.all([first, second])).toEqual(["OK", "old stream"]);
  });

  it("rejects as the plain client does when there is no offline queue", async () => {
    const attempt = async (redis: Redis) => {
      const outcomes = [await redis.get("k").catch((error: Error) => error.message)];
      await once(redis, "ready");
      outcomes.push(String(await redis.exists("k")));
      return outcomes;
    };
    const options = { enableOfflineQueue: false };
    expect(await attempt(tickpipe(server.client(options)))).toEqual(await attempt(server.client(options)));
  });

  it("fails as the plain client does when nobody listens", async () => {
    const attempt = async (redis: Redis) => {
      redis.on("error", () => {});
      const calls = [redis.get("a"), redis.pipeline().get("b").exec(), redis.multi().get("c").exec()];
      const settled = await Promise.allSettled(calls);
      return settled.map((each) => (each.status === "rejected" ? String(each.reason) : each.value));
    };
    const options = { port: 1, maxRetriesPerRequest: 1, retryStrategy: () => 1 };
    expect(await attempt(tickpipe(server.client(options)))).toEqual(await attempt(server.client(options)));
  });

  it("times a command out as the plain client does, and drops its late reply", async () => {
    const attempt = async (redis: Redis) => {
      await redis.del("nothing");
      const slow = await redis.blpop("nothing", 1.2).catch((error: Error) => error.message);
      const pong = await redis.ping("after").catch((error: Error) => error.message);
      // Until the server has given up the BLPOP and answered the PING behind it: nothing tells, since both replies are dropped.
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      return [slow, pong, await redis.ping("later")];
    };
    const options = { commandTimeout: 400 };
    const plain = await attempt(server.client(options));
    expect(plain).toEqual(["Command timed out", "Command timed out", "later"]);
    expect(await attempt(tickpipe(server.client(options), { blocking: "inline" }))).toEqual(plain);
  });
});
