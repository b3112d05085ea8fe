import { tickpipe } from "@tickpipe/core";
import { beforeEach, describe, expect, it } from "vitest";
import { settings } from "../../examples/pipelines/src/callbacks.ts";
import { publish } from "../../examples/pipelines/src/multi.ts";
import { names } from "../../examples/pipelines/src/pipeline.ts";
import { defineTake, takeOneOfEach } from "../../examples/pipelines/src/scripts.ts";
import { visit } from "../../examples/pipelines/src/tick.ts";
import { transfer } from "../../examples/pipelines/src/transfer.ts";
import { serverTimes } from "../../examples/pipelines/src/transformers.ts";
import { range, useServer } from "../engine.ts";

const server = useServer();

describe("docs/pipelines.md", () => {
  const wrapped = () => tickpipe(server.client());

  beforeEach(async () => {
    await server.client().flushall();
  });

  it("calls of one tick", async () => {
    const redis = wrapped();
    await redis.sadd("likes:home", "ann", "bob");
    const { batches } = redis.tickpipe.stats();
    expect(await visit(redis, "home")).toEqual({ visits: 1, likes: 2 });
    expect(redis.tickpipe.stats().batches).toBe(batches + 1);
  });

  it("a pipeline, without MULTI", async () => {
    const redis = wrapped();
    await Promise.all([
      redis.hset("user:1", "name", "Ann"),
      redis.set("user:2", "no hash"),
      redis.hset("user:4", "a", 1),
    ]);
    expect(await names(redis, ["1", "2", "3", "4"])).toEqual(["Ann", "unknown", "unknown", "unknown"]);
  });

  it("a pipeline with MULTI", async () => {
    const redis = wrapped();
    await publish(redis, "7", "Hello");
    expect([await redis.hget("post:7", "text"), await redis.lrange("posts", 0, -1)]).toEqual(["Hello", ["7"]]);
    await redis.set("posts", "no list");
    await expect(publish(redis, "8", "Hello")).rejects.toThrow("WRONGTYPE");
  });

  it("WATCH with retry: transfers at once keep the sum, and no account falls below zero", async () => {
    const redis = wrapped();
    const accounts = range(10).map((i) => `account:${i}`);
    await redis.mset(Object.fromEntries(accounts.map((key) => [key, 30])));
    const amounts = range(100).map((i) => 7 + (i % 5));
    const done = await Promise.all(
      amounts.map((amount, i) => transfer(redis, `account:${i % 10}`, `account:${(i * 7 + 3) % 10}`, amount)),
    );
    const balances = (await redis.mget(accounts)).map(Number);
    expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(300);
    expect(Math.min(...balances)).toBeGreaterThanOrEqual(0);
    expect(done).toContain(true);
    const moved = await transfer(redis, "account:0", "account:1", 301);
    expect([moved, await redis.get("account:0")]).toEqual([false, String(balances[0])]);
    await redis.set("account:1", "closed");
    await redis.set("account:0", 50);
    await expect(transfer(redis, "account:0", "account:1", 1)).rejects.toThrow("not an integer");
  });

  it("reply callbacks", async () => {
    const redis = wrapped();
    await redis.rpush("language", "no string");
    expect([...(await settings(redis))]).toEqual([
      ["theme", "light"],
      ["language", "unreadable"],
    ]);
  });

  it("reply transformers", async () => {
    for (const time of await serverTimes(wrapped())) {
      expect(time).toBeInstanceOf(Date);
      expect((time as Date).getTime()).toBeGreaterThan(0);
    }
  });

  it("scripts", async () => {
    const redis = wrapped();
    await redis.mset({ apples: 2, pears: 0 });
    defineTake(redis);
    expect(await takeOneOfEach(redis, ["apples", "pears", "apples", "apples"])).toEqual([1, null, 0, null]);
    const replies = await redis.tickpipe.transaction(["apples"], async (tx) => {
      await tx.set("pears", 5);
      return tx.multi().take("pears", 2).take("apples", 2);
    });
    expect(replies).toEqual([
      [null, 3],
      [null, null],
    ]);
  });
});
