import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { countSocketWrites, eventually, HOST } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { writeAll } from "../../examples/docs/src/faq.ts";
import { range, useServer } from "../engine.ts";

const server = useServer();
const core = new URL("../../packages/core/dist/index.js", import.meta.url).href;
const ioredis = import.meta.resolve("ioredis");

/** The code of docs/faq.md, and what it says and no other test shows. */
describe("docs/faq.md", () => {
  let redis: Tickpiped<Redis>;
  beforeEach(async () => {
    redis = tickpipe(server.client());
    await redis.flushall();
  });

  it("a view is an instance of Redis, and so is what duplicate() gives, wrapped", () => {
    expect(redis).toBeInstanceOf(Redis);
    const copy = redis.duplicate();
    expect(copy).toBeInstanceOf(Redis);
    expect(tickpipe(copy)).toBe(copy);
    expect(tickpipe(copy).tickpipe.client).not.toBe(redis.tickpipe.client);
    copy.disconnect();
  });

  it("functions and scripts take part in the tick, in order", async () => {
    await redis.function(
      "LOAD",
      "REPLACE",
      "#!lua name=counting\nredis.register_function('count', function(keys) return redis.call('INCR', keys[1]) end)",
    );
    const { batches } = redis.tickpipe.stats();
    const replies = [
      redis.fcall("count", 1, "visits"),
      redis.incr("visits"),
      redis.eval("return redis.call('INCR', KEYS[1])", 1, "visits"),
      redis.get("visits"),
    ];
    expect(await Promise.all(replies)).toEqual([1, 2, 3, "3"]);
    expect(redis.tickpipe.stats().batches).toBe(batches + 1);
  });

  it("very many keys are written in chunks, each one write", async () => {
    const writes = countSocketWrites(redis.stream);
    await writeAll(
      redis,
      range(2_500).map((i) => ({ key: `key:${i}`, value: `${i}` })),
    );
    expect(writes.take()).toBe(3);
    expect([await redis.dbsize(), await redis.get("key:2499")]).toEqual([2_500, "2499"]);
  });

  it("flush() writes what has been called so far", async () => {
    await redis.ping();
    const writes = countSocketWrites(redis.stream);
    const first = redis.incr("a");
    redis.tickpipe.flush();
    expect(writes.take()).toBe(1);
    expect(await Promise.all([first, redis.incr("a")])).toEqual([1, 2]);
    expect(writes.take()).toBe(1);
  });

  it("messages come on a connection of their own, also after a reconnect, and publishing is a call as any other", async () => {
    const subscriber = redis.duplicate();
    const heard: string[] = [];
    subscriber.on("message", (_channel, message) => heard.push(message));
    await subscriber.subscribe("news");
    expect(await Promise.all([redis.publish("news", "1"), redis.publish("news", "2")])).toEqual([1, 1]);
    await eventually("both are heard", () => heard.length === 2);
    tickpipe(subscriber).tickpipe.client.stream.destroy();
    // Until it has subscribed again, nobody hears.
    await eventually("the third is heard", async () => {
      await redis.publish("news", "3");
      return heard.length > 2;
    });
    expect(heard.slice(0, 3)).toEqual(["1", "2", "3"]);
    subscriber.disconnect();
  });

  it("monitor() gives a plain client of its own, which sees each call", async () => {
    const monitor = await redis.monitor();
    expect("tickpipe" in monitor).toBe(false);
    const seen: string[] = [];
    monitor.on("monitor", (_time: string, [command = ""]: string[]) => seen.push(command));
    await Promise.all([redis.get("a"), redis.incr("b")]);
    await eventually("both are seen", () => seen.length === 2);
    expect(seen).toEqual(["get", "incr"]);
    monitor.disconnect();
  });

  it("a call that commandTimeout has ended may still be run", async () => {
    const hurried = tickpipe(server.client({ commandTimeout: 400 }));
    // A ping would have to be answered within the timeout, on a busy machine too.
    await eventually("it is connected", () => hurried.status === "ready");
    await redis.call("CLIENT", "PAUSE", "60000", "WRITE");
    await expect(hurried.incr("late")).rejects.toThrow("Command timed out");
    await redis.call("CLIENT", "UNPAUSE");
    await eventually("it has run", async () => (await redis.get("late")) === "1");
  });

  it("a spy on the client or on the view is called from the view and from scopes, one on a scope's view from that alone", async () => {
    const scope = redis.tickpipe.scope();
    for (const target of [redis.tickpipe.client, redis]) {
      const spy = vi.spyOn(target, "get").mockResolvedValue("made up");
      expect(await Promise.all([redis.get("a"), scope.redis.get("a")])).toEqual(["made up", "made up"]);
      spy.mockRestore();
    }
    const onScope = vi.spyOn(scope.redis, "get").mockResolvedValue("made up");
    expect(await Promise.all([redis.get("a"), scope.redis.get("a")])).toEqual([null, "made up"]);
    onScope.mockRestore();
    expect(await redis.get("a")).toBeNull();
    scope.close();
  });

  it("a worker thread has a client of its own", async () => {
    const code = `
      const { parentPort, workerData } = require("node:worker_threads");
      (async () => {
        const { tickpipe } = await import(workerData.core);
        const { Redis } = await import(workerData.ioredis);
        const redis = tickpipe(new Redis(workerData.port, workerData.host));
        await redis.ping();
        const { batches } = redis.tickpipe.stats();
        const replies = await Promise.all([redis.incr("visits"), redis.get("visits")]);
        parentPort.postMessage({ replies, batches: redis.tickpipe.stats().batches - batches });
        redis.disconnect();
      })();`;
    const worker = new Worker(code, { eval: true, workerData: { core, ioredis, port: server.port, host: HOST } });
    const message = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    expect(message).toEqual({ replies: [1, "1"], batches: 1 });
    await worker.terminate();
  });

  it("process.exit() writes what its tick has called, and process.abort() what flush() let go before", async () => {
    const program = (last: string) => `
      import { tickpipe } from ${JSON.stringify(core)};
      import { Redis } from ${JSON.stringify(ioredis)};
      const redis = tickpipe(new Redis(${server.port}, ${JSON.stringify(HOST)}));
      await redis.ping();
      ${last}`;
    const run = (last: string) => promisify(execFile)(process.execPath, ["--input-type=module", "-e", program(last)]);
    await Promise.allSettled([
      run('void redis.set("exit", "1"); process.exit();'),
      run('void redis.set("kept", "1"); redis.tickpipe.flush(); void redis.set("lost", "1"); process.abort();'),
    ]);
    await eventually("both are there", async () => (await redis.exists("exit", "kept")) === 2);
    expect(await redis.get("lost")).toBeNull();
  });
});
