import type { RedisOptions } from "ioredis";
import { describe, expect, it, vi } from "vitest";
import { type Stage, useBothSides } from "./both-sides.ts";
import { bounds } from "./exchange.ts";
import { connectionClosed, fulfilled, rejections } from "./expected.ts";

const optionSets: Record<string, RedisOptions> = {
  "the default options": {},
  "no reconnect": { retryStrategy: () => null },
  "maxRetriesPerRequest 0": { maxRetriesPerRequest: 0 },
};

describe("a server that goes away or is not ready", () => {
  const sides = useBothSides(["--enable-debug-command", "yes", "--loading-process-events-interval-bytes", "1024"]);

  it.each(Object.entries(optionSets))("CLIENT KILL in mid-tick, with %s", async (name, redis) => {
    const outcome = await sides.play(
      async ({ redis, proxy, tick, note, next, settled }) => {
        const id = await redis.client("ID");
        const closed = next("close");
        proxy.inject({ from: "a:s0", to: "b:last", fault: "none" });
        tick("a");
        note("kill", "client", redis.call("CLIENT", "KILL", "ID", id, "SKIPME", "no"));
        tick("b");
        await Promise.all([closed, settled()]);
      },
      { redis },
    );
    expect(rejections(outcome, "a")).toEqual(fulfilled);
    expect(rejections(outcome, "b")).toEqual(name === "the default options" ? fulfilled : connectionClosed(name));
    expect(outcome.values["a-0 incrby"]).toBe(1000);
  });

  it("CLIENT KILL by another, between the tick and its replies", async () => {
    const outcome = await sides.play(async ({ redis, control, proxy, tick, next, settled }) => {
      const id = await redis.client("ID");
      const closed = next("close");
      const held = proxy.inject({ ...bounds("a"), requests: "hold", fault: "stall" });
      tick("a");
      await held;
      expect(await control.client("KILL", "ID", id)).toBe(1);
      tick("b");
      proxy.strike("none");
      await Promise.all([closed, settled()]);
    });
    expect([rejections(outcome, "a"), rejections(outcome, "b")]).toEqual([fulfilled, fulfilled]);
    expect(outcome.values["b-0 incrby"]).toBe(1000);
  });

  it("DEBUG SLEEP for longer than commandTimeout: the late replies reach nobody", async () => {
    const outcome = await sides.play(async ({ redis, tick, note, gather, settled }) => {
      redis.options.commandTimeout = 100;
      gather("a");
      note("sleep", "debug", redis.call("DEBUG", "SLEEP", "0.4"));
      tick("a");
      await settled();
      delete redis.options.commandTimeout;
      tick("b");
    });
    expect(rejections(outcome, "a")).toEqual(["Command timed"]);
    expect(rejections(outcome, "b")).toEqual(fulfilled);
  });

  it("LOADING on a connection that is ready: each call is refused by itself, and served when it is over", async () => {
    const outcome = await sides.play(async (stage) => {
      const { tick, settled, gather } = stage;
      await whileLoading(stage, async () => {
        gather("a");
        tick("a");
        await settled();
      });
      tick("b");
    });
    expect(rejections(outcome, "a")).toContain("LOADING Redis");
    expect(rejections(outcome, "b")).toEqual(fulfilled);
  });

  it.each([true, false])("LOADING at connect, with enableReadyCheck %s", async (enableReadyCheck) => {
    const outcome = await sides.play(
      async (stage) => {
        const { redis, tick, settled, next } = stage;
        const statuses = await whileLoading(stage, async () => {
          const connected = next("connect");
          tick("a");
          await connected;
          if (!enableReadyCheck) await settled();
          return redis.status;
        });
        await settled();
        tick("b");
        return statuses;
      },
      { redis: { lazyConnect: true, enableReadyCheck, maxLoadingRetryTime: 20 } },
    );
    expect(rejections(outcome, "a").includes("LOADING Redis")).toBe(!enableReadyCheck);
    expect(outcome.returned).toBe(enableReadyCheck ? "connect" : "ready");
    expect(rejections(outcome, "b")).toEqual(fulfilled);
  });
});

/** Runs a part of a script while the server loads its data again, which ends when that part has. */
async function whileLoading<T>({ control }: Stage, part: () => Promise<T>): Promise<T> {
  const isLoading = async () => (await control.info("persistence")).includes("loading:1");
  await control.call("DEBUG", "POPULATE", "2000", "load", "1000");
  await control.config("SET", "key-load-delay", "5000");
  const reloader = control.duplicate();
  const reloaded = reloader.call("DEBUG", "RELOAD");
  await vi.waitUntil(isLoading, { timeout: 10_000, interval: 5 });
  try {
    return await part();
  } finally {
    expect(await isLoading()).toBe(true);
    await control.config("SET", "key-load-delay", "0");
    await reloaded;
    await control.flushall();
    reloader.disconnect();
  }
}

describe("kill -9 of the server, and another in its place", () => {
  const sides = useBothSides(["--appendonly", "yes", "--appendfsync", "always"]);

  describe.each(["kept", "lost"] as const)("with its data %s", (data) => {
    it.each(Object.entries(optionSets))("before it saw the tick, with %s", async (name, redis) => {
      const outcome = await sides.play(
        async ({ server, tick, next, settled }) => {
          tick("a");
          await settled();
          const closed = next("close");
          const killed = server.kill();
          // Called when it is gone and the client does not know it yet.
          tick("b");
          await Promise.all([killed, closed]);
          await server.startAgain(data);
          await settled();
        },
        { redis, anyOrder: true },
      );
      expect(rejections(outcome, "b")).toEqual(name === "the default options" ? fulfilled : connectionClosed(name));
      expect("a:s0" in outcome.data).toBe(data === "kept");
    });

    it.each(Object.entries(optionSets))("with half of the replies delivered, with %s", async (name, redis) => {
      const outcome = await sides.play(
        async ({ server, tick, proxy, next, settled }) => {
          const closed = next("close");
          const stalled = proxy.inject({ ...bounds("a"), replyBytes: 700, fault: "stall" });
          tick("a");
          await stalled;
          await server.kill();
          proxy.strike("cut");
          await closed;
          await server.startAgain(data);
          await settled();
        },
        { redis },
      );
      expect(rejections(outcome, "a-0")).toEqual(fulfilled);
      expect(rejections(outcome, "a-3")).toEqual(name === "the default options" ? fulfilled : connectionClosed(name));
      const ranTwice = name === "the default options" && data === "kept";
      if (name === "the default options") expect(outcome.values["a-3 incrby"]).toBe(ranTwice ? 2006 : 1003);
    });
  });
});
