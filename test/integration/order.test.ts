import { tickpipe } from "@tickpipe/core";
import { describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { clientVariants } from "../variants.ts";

const server = useServer();

describe.each(clientVariants)("order with $name", ({ make }) => {
  it("lets whatever follows a set that is not awaited read the new value", async () => {
    const raw = make({ port: server.port });
    const redis = tickpipe(raw);
    redis.defineCommand("read", { numberOfKeys: 1, lua: "return redis.call('get', KEYS[1])" });
    const read = (key: string) => (redis as unknown as { read(key: string): Promise<string> }).read(key);
    await redis.set("k", "old");
    for (const value of ["first", "second"]) {
      redis.set("k", value);
      const pipeline = redis.pipeline().get("k").exec();
      const multi = redis.multi().get("k").exec();
      const script = read("k");
      const rawGet = raw.get("k");
      const rawPipeline = raw.pipeline().get("k").exec();
      const get = redis.get("k");
      const pair = [[null, value]];
      expect(await Promise.all([pipeline, multi, script, rawGet, rawPipeline, get])).toEqual([
        ...[pair, pair, value, value, pair, value],
      ]);
    }
    raw.disconnect();
  });

  it("keeps the order of calls that the view, the raw client, pipelines and scopes make in turn", async () => {
    const raw = make({ port: server.port });
    const redis = tickpipe(raw);
    await redis.del("list");
    const scopes = [redis.tickpipe.scope().redis, redis.tickpipe.scope().redis];
    const pushes = range(200).map((i) => {
      switch (i % 6) {
        case 0:
          return redis.rpush("list", i);
        case 1:
          return raw.rpush("list", i);
        case 2:
          return redis.pipeline().rpush("list", i).exec();
        case 3:
          return redis.multi().rpush("list", i).exec();
        case 4:
          return scopes[0]?.rpush("list", i);
        default:
          return scopes[1]?.call("rpush", "list", i);
      }
    });
    const list = redis.lrange("list", 0, -1);
    await Promise.all(pushes);
    expect(await list).toEqual(range(200).map(String));
    raw.disconnect();
  });

  it("does not make a tick wait for the replies of the one before it", async () => {
    const raw = make({ port: server.port });
    const redis = tickpipe(raw);
    await redis.ping();
    const settled: string[] = [];
    // The first tick's reply takes 300 ms at the server; the second tick's command is sent meanwhile all the same.
    const slow = redis.blpop("nothing", 0.3).then(() => settled.push("slow"));
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    redis.set("sent", 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(redis.stream.writableLength).toBe(0);
    await slow;
    raw.disconnect();
  });
});
