import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { countSocketWrites, eventually } from "@tickpipe/test-support";
import { Command, type Redis } from "ioredis";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { useServer } from "../engine.ts";
import { clientVariants } from "../variants.ts";

const server = useServer();
let other: Redis;

beforeAll(() => {
  other = server.client();
});

beforeEach(async () => {
  await other.flushall();
});

const blockedClients = async (): Promise<number> =>
  Number(/blocked_clients:(\d+)/.exec(await other.info("clients"))?.[1]);
const untilBlocked = () => eventually("blocked", async () => (await blockedClients()) === 1);

/** Each way to call BLPOP on the client's own connection. */
const ways: Record<string, (redis: Tickpiped<Redis>, list: string, seconds: number) => Promise<unknown>> = {
  "a method": (redis, list, seconds) => redis.blpop(list, seconds),
  "a Buffer method": (redis, list, seconds) => redis.blpopBuffer(list, seconds),
  "call()": (redis, list, seconds) => redis.call("BLPOP", list, seconds),
  "sendCommand()": (redis, list, seconds) =>
    redis.sendCommand(new Command("blpop", [list, seconds])) as Promise<unknown>,
  "a pipeline": async (redis, list, seconds) => (await redis.pipeline().blpop(list, seconds).exec())?.[0]?.[1],
};

describe.each(clientVariants)("a blocking call by default, $name", ({ make }) => {
  it.each(Object.entries(ways))(
    "by %s leaves at once, with what was called before it in its tick",
    async (_way, pop) => {
      const raw = make({ port: server.port });
      onTestFinished(() => raw.disconnect());
      const redis = tickpipe(raw, { flush: () => {} });
      await raw.ping();
      const writes = countSocketWrites(raw.stream);
      const calls = [redis.rpush("other", "a"), pop(redis, "list", 0)];
      expect(writes.take(), "one write, before the tick has ended").toBe(1);
      await untilBlocked();
      expect(await other.llen("other")).toBe(1);
      await other.rpush("list", "element");
      expect(String((await Promise.all(calls))[1])).toBe("list,element");
      expect(redis.tickpipe.stats()).toMatchObject({ blockingConnections: 0, behindBlocking: 0 });
    },
  );
});

describe("what is called behind a blocking call on the client's own connection", () => {
  it("is counted and recorded, and warned of once in a process", async () => {
    const codes: unknown[] = [];
    const listen = (warning: Error & { code?: string }) => codes.push(warning.code);
    process.on("warning", listen);
    onTestFinished(() => void process.off("warning", listen));
    const redis = tickpipe(server.client());
    const records: unknown[] = [];
    onTestFinished(redis.tickpipe.record(({ calls }) => records.push(...calls)));
    const scope = redis.tickpipe.scope();
    const calls = [
      scope.redis.get("before"),
      scope.redis.blpop("list", 0),
      scope.redis.get("behind"),
      scope.redis.pipeline().get("behind").get("behind").exec(),
    ];
    await untilBlocked();
    expect(redis.tickpipe.stats().behindBlocking).toBe(3);
    await other.rpush("list", "element");
    await Promise.all(calls);
    await Promise.all([redis.blpop("nothing", 0.001), redis.blpop("nothing", 0.001)]);
    await scope.redis.get("after");
    expect(redis.tickpipe.stats().behindBlocking, "another blocking call waits as well").toBe(4);
    scope.close();
    expect(records).toMatchObject([
      { command: "get", behindBlocking: undefined },
      { command: "blpop", behindBlocking: undefined },
      { command: "get", behindBlocking: true },
      { command: "pipeline", behindBlocking: true },
      { command: "get", behindBlocking: undefined },
    ]);
    expect(codes).toEqual(["TICKPIPE_BLOCKED"]);
  });

  it("is nothing to warn of in a transaction, where Redis does not wait, nor where the client is ended", async () => {
    const redis = tickpipe(server.client());
    await redis.multi({ pipeline: false });
    const calls = [
      redis.blpop("list", 0),
      redis.get("key"),
      redis.exec(),
      redis.multi().blpop("list", 0).get("key").exec(),
    ];
    await Promise.all(calls);
    expect(redis.tickpipe.stats().behindBlocking).toBe(0);
    const blocked = redis.blpop("list", 0);
    const ended = redis.quit();
    await untilBlocked();
    await other.rpush("list", "element");
    expect(await Promise.all([blocked, ended])).toEqual([["list", "element"], "OK"]);
  });
});
