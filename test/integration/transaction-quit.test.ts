import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { eventually, startFaultProxy } from "@tickpipe/test-support";
import type { Redis } from "ioredis";
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

const CLOSED = { status: "rejected", reason: new Error("Connection is closed.") };

const connections = async (): Promise<number> =>
  Number(/connected_clients:(\d+)/.exec(await other.info("clients"))?.[1]);

/** Holds back every write on the server, until it is told to go on. */
async function pauseWrites(): Promise<() => Promise<unknown>> {
  await other.call("CLIENT", "PAUSE", "60000", "WRITE");
  let isPaused = true;
  const goOn = async (): Promise<unknown> => {
    if (!isPaused) return null;
    isPaused = false;
    return other.call("CLIENT", "UNPAUSE");
  };
  onTestFinished(async () => void (await goOn()));
  return goOn;
}

/** Whether commands of a transaction wait on the server: its EXEC has left with them. */
const isHeldBack = async (): Promise<boolean> => String(await other.client("LIST")).includes("cmd=incr");

describe.each(clientVariants)("quit(), $name", ({ make }) => {
  const ways: Record<string, (redis: Tickpiped<Redis>) => Promise<unknown>> = {
    "quit()": (redis) => redis.quit(),
    "quit(callback)": (redis) =>
      new Promise((resolve, reject) => redis.quit((error, reply) => (error ? reject(error) : resolve(reply)))),
    'call("quit")': (redis) => redis.call("quit"),
  };

  it.each(Object.entries(ways))("as %s waits for a transaction whose EXEC has been called", async (_name, quit) => {
    const client = make({ port: server.port });
    const redis = tickpipe(client);
    await redis.ping();
    const goOn = await pauseWrites();
    const order: string[] = [];
    const executing = redis.tickpipe
      .transaction(["n"], (tx) => tx.multi().incr("n"))
      .finally(() => order.push("executed"));
    await eventually("its commands are held back", isHeldBack);
    const quitting = quit(redis).finally(() => order.push("quit"));
    await eventually("the client has ended", () => client.status === "end");
    expect(order).toEqual([]);
    await goOn();
    expect(String(await quitting)).toBe("OK");
    expect(await executing).toEqual([[null, 1]]);
    expect(order).toEqual(["executed", "quit"]);
  });
});

describe("quit()", () => {
  it("does not wait for functions, connections or tries: those transactions are told that it is closed", async () => {
    const before = await connections();
    const redis = tickpipe(server.client(), { maxTransactionConnections: 1 });
    let isRunning = false;
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const refused: unknown[] = [];
    const running = redis.tickpipe.transaction(["n"], async (tx) => {
      isRunning = true;
      await finished;
      refused.push(await tx.get("n").catch((error: unknown) => error));
      return tx.multi().incr("n");
    });
    const waiting = redis.tickpipe.transaction(["n"], (tx) => tx.multi().incr("n"));
    await eventually("it runs", () => isRunning);
    expect(redis.tickpipe.stats()).toMatchObject({ transactionsRunning: 1, transactionsWaiting: 1 });
    const settled = Promise.allSettled([running, waiting]);
    expect(await redis.quit()).toBe("OK");
    expect(await settled).toEqual([CLOSED, CLOSED]);
    finish();
    await eventually("the function has gone on", () => refused.length === 1);
    expect(refused).toMatchObject([{ code: "ERR_TICKPIPE_TRANSACTION_MISUSE" }]);
    expect(await other.exists("n")).toBe(0);
    await eventually("all connections closed", async () => (await connections()) === before);
  });

  it("that disconnect() overtakes leaves no connection behind", async () => {
    const before = await connections();
    const proxy = await startFaultProxy(server.port);
    onTestFinished(() => proxy.stop());
    const redis = tickpipe(server.client({ port: proxy.port }));
    await redis.ping();
    let hasReturned = false;
    const executing = redis.tickpipe.transaction(["n"], (tx) => {
      proxy.strike("stall");
      hasReturned = true;
      return tx.multi().incr("n");
    });
    await eventually("EXEC has no reply", () => hasReturned && redis.tickpipe.stats().pending === 1);
    const settled = Promise.allSettled([executing, redis.quit()]);
    redis.disconnect();
    expect(await settled).toMatchObject([{ status: "rejected", reason: expect.any(Error) }, CLOSED]);
    expect(redis.tickpipe.stats()).toMatchObject({ transactionConnections: 0, transactionsRunning: 0 });
    await proxy.stop();
    await eventually("all connections closed", async () => (await connections()) === before);
  });

  it("is followed by transactions that are told that it is closed", async () => {
    const redis = tickpipe(server.client());
    await redis.ping();
    const quitting = redis.quit();
    const late = redis.tickpipe.transaction(["n"], (tx) => tx.multi().incr("n"));
    expect(await Promise.allSettled([late])).toEqual([CLOSED]);
    expect(await quitting).toBe("OK");
  });
});
