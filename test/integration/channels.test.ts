import { channel } from "node:diagnostics_channel";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import type { Redis } from "ioredis";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { range, useServer } from "../engine.ts";
import { clientVariants } from "../variants.ts";

const server = useServer();
const SECRET = "SECRET-VALUE";
let redis: Tickpiped<Redis>;

beforeAll(async () => {
  redis = tickpipe(server.client());
  await redis.set("text", SECRET);
});

const heard: unknown[] = [];
beforeEach(() => {
  heard.length = 0;
});

/** Gathers the messages of a channel until the test is over. */
function messagesOf(name: string): unknown[] {
  const messages: unknown[] = [];
  const listen = (message: unknown) => {
    messages.push(message);
    heard.push(message);
  };
  channel(name).subscribe(listen);
  onTestFinished(() => void channel(name).unsubscribe(listen));
  return messages;
}

describe.each(clientVariants)("tickpipe:batch, with $name", ({ make }) => {
  it("tells of each write: how many commands and bytes, and why it left", async () => {
    const client = make({ port: server.port });
    onTestFinished(() => client.disconnect());
    const view = tickpipe(client, { maxBatchBytes: 200 });
    await view.ping();
    const batches = messagesOf("tickpipe:batch");
    await Promise.all([view.get("a"), view.pipeline().get("b").get("c").exec()]);
    view.get("d");
    view.tickpipe.flush();
    await Promise.all(range(11).map((i) => view.get(`e${i}`)));
    await view.tickpipe.transaction(["f"], (tx) => tx.multi().set("f", SECRET));
    const get = "*2\r\n$3\r\nget\r\n$1\r\na\r\n".length;
    expect(batches).toEqual([
      { commands: 3, bytes: 3 * get, connection: "client", trigger: "tick" },
      { commands: 1, bytes: get, connection: "client", trigger: "flush" },
      { commands: 10, bytes: 10 * (get + 1), connection: "client", trigger: "bytes" },
      { commands: 1, bytes: get + 2, connection: "client", trigger: "tick" },
      { commands: 3, bytes: expect.any(Number), connection: "transaction", trigger: "tick" },
    ]);
  });
});

describe("the channels", () => {
  it("tickpipe:request tells what a scope came to that was opened meanwhile", async () => {
    const before = redis.tickpipe.scope();
    const requests = messagesOf("tickpipe:request");
    const scope = redis.tickpipe.scope({ name: "/posts", memo: true });
    await Promise.all([scope.redis.get("text"), scope.redis.lpush("text", SECRET).catch(() => {})]);
    await scope.redis.pipeline().set("b", SECRET).get("b").exec();
    await scope.redis.get("other");
    await scope.redis.get("other");
    scope.close();
    scope.close();
    before.close();
    expect(requests).toEqual([
      {
        ...{ name: "/posts", commands: 5, roundTrips: 3, errors: 1, memoHits: 1 },
        ...{ waitedMs: expect.any(Number), durationMs: expect.any(Number) },
      },
    ]);
  });

  it("tickpipe:dedupe tells of each batch how many reads were not sent", async () => {
    const shared = messagesOf("tickpipe:dedupe");
    await Promise.all([...range(4).map(() => redis.get("text")), ...range(2).map(() => redis.getBuffer("text"))]);
    await Promise.all(range(3).map(() => redis.mget("text", "b")));
    await redis.get("text");
    expect(shared).toEqual([
      { command: "get", count: 4 },
      { command: "mget", count: 2 },
    ]);
  });

  it("tickpipe:overload tells of each call that was rejected", async () => {
    const overloads = messagesOf("tickpipe:overload");
    const capped = tickpipe(server.client(), { maxPending: 2, maxPendingBytes: 1_000 });
    await capped.ping();
    const calls = [
      ...range(3).map((i) => capped.get(`k${i}`)),
      capped
        .pipeline([
          ["get", "a"],
          ["get", "b"],
          ["get", "c"],
        ])
        .exec(),
      capped.set("k", SECRET.repeat(100)),
    ];
    await Promise.allSettled(calls);
    await Promise.allSettled([capped.set("a", "x".repeat(600)), capped.set("b", "x".repeat(600))]);
    expect(overloads).toEqual([
      { reason: "full", option: "maxPending", pending: 2 },
      { reason: "too large", option: "maxPending", pending: 2 },
      { reason: "too large", option: "maxPendingBytes", pending: 2 },
      { reason: "full", option: "maxPendingBytes", pending: 1 },
    ]);
  });

  it("hold no key and no value, whatever is called", async () => {
    const password = "SECRET-PASSWORD";
    for (const name of ["batch", "request", "dedupe", "overload"]) messagesOf(`tickpipe:${name}`);
    const view = tickpipe(server.client({ keyPrefix: "SECRET-PREFIX:" }), { maxPending: 20 });
    const scope = view.tickpipe.scope();
    const key = "SECRET-KEY";
    await Promise.allSettled([
      ...range(3).map(() => scope.redis.get(key)),
      scope.redis.set(key, SECRET),
      scope.redis.auth(password),
      scope.redis.lpush(key, SECRET),
      scope.redis.call("SECRET-COMMAND", key),
      scope.redis.eval("return redis.error_reply(ARGV[1])", 1, key, SECRET),
      scope.redis.pipeline().set(key, SECRET).exec(),
      ...range(20).map(() => scope.redis.incr(key)),
    ]);
    scope.close();
    expect(heard.length).toBeGreaterThan(3);
    expect(JSON.stringify(heard)).not.toMatch(/SECRET/i);
  });

  it("go on, and the calls with them, when a listener throws", async () => {
    const failure = new Error("the listener's own");
    const uncaught = new Promise((resolve) => {
      const listeners = process.listeners("uncaughtException");
      process.removeAllListeners("uncaughtException");
      process.once("uncaughtException", (error) => {
        for (const listener of listeners) process.on("uncaughtException", listener);
        resolve(error);
      });
    });
    const batches = messagesOf("tickpipe:batch");
    const throwOnce = () => {
      channel("tickpipe:batch").unsubscribe(throwOnce);
      throw failure;
    };
    channel("tickpipe:batch").subscribe(throwOnce);
    expect(await redis.get("text")).toBe(SECRET);
    expect(await uncaught).toBe(failure);
    expect(await redis.get("text")).toBe(SECRET);
    expect(batches).toHaveLength(2);
  });
});
