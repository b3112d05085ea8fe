import { type ScopeOptions, type Tickpiped, tickpipe } from "@tickpipe/core";
import { collectMetrics } from "@tickpipe/core/metrics";
import type { Redis } from "ioredis";
import { Registry } from "prom-client";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { useServer } from "../engine.ts";
import { expectWarning } from "../process-watch.ts";

// Once in a process.
expectWarning("TICKPIPE_SHARED_WATCH");

const server = useServer();
let plain: Redis;
let redis: Tickpiped<Redis>;

beforeAll(async () => {
  plain = server.client();
  redis = tickpipe(server.client());
  await redis.ping();
});

beforeEach(async () => {
  await plain.flushall();
  await plain.mset({ key: "value", text: "text" });
});

const scopes: [string, ScopeOptions][] = [
  ["a scope", {}],
  ["a scope with a deadline", { deadlineMs: 60_000 }],
  ["a scope with a memo", { memo: true }],
];

describe.each(scopes)("in %s", (_name, options) => {
  it("a transaction of single calls is that of the plain client, and no QUEUED is taken for an answer", async () => {
    const scope = redis.tickpipe.scope(options);
    const order: string[] = [];
    const noted = async <T>(name: string, call: Promise<T>): Promise<T> => {
      const reply = await call;
      order.push(name);
      return reply;
    };
    const calls = [
      noted("multi", scope.redis.multi({ pipeline: false })),
      noted("get", scope.redis.get("key")),
      noted("get again", scope.redis.get("key")),
      noted("set", scope.redis.set("key", "other")),
      noted("exec", scope.redis.exec()),
    ];
    const queued = ["OK", "QUEUED", "QUEUED", "QUEUED"];
    const replies = ["value", "value", "OK"].map((reply) => [null, reply]);
    expect(await Promise.all(calls)).toEqual([...queued, replies]);
    expect(order).toEqual(["multi", "get", "get again", "set", "exec"]);
    expect(await scope.redis.get("key")).toBe("other");
    expect(scope.stats()).toMatchObject({ errors: 0 });
    scope.close();
  });

  it("a transaction of single calls that are awaited has each of them", async () => {
    const scope = redis.tickpipe.scope(options);
    await scope.redis.multi({ pipeline: false });
    expect([await scope.redis.get("key"), await scope.redis.get("key")]).toEqual(["QUEUED", "QUEUED"]);
    expect(await scope.redis.exec()).toHaveLength(2);
    scope.close();
  });

  it("a pipeline's callback is called once, and its failed commands are counted", async () => {
    const scope = redis.tickpipe.scope(options);
    const told: unknown[][] = [];
    const replies = await scope.redis
      .pipeline()
      .get("key")
      .lpush("text", "x")
      .exec((...given) => void told.push(given));
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([[null, replies]]);
    expect(replies).toEqual([
      [null, "value"],
      [expect.objectContaining({ message: expect.stringContaining("WRONGTYPE") })],
    ]);
    expect(scope.stats()).toMatchObject({ commands: 2, roundTrips: 1, errors: 1 });
    scope.close();
  });

  it("a transaction that Redis discards, since a watched key has changed, is no error", async () => {
    const own = tickpipe(server.client());
    const scope = own.tickpipe.scope(options);
    await scope.redis.watch("key");
    await plain.set("key", "changed");
    expect(await scope.redis.multi().get("key").exec()).toBeNull();
    expect(scope.stats()).toMatchObject({ errors: 0 });
    scope.close();
  });
});

describe("a memo of a scope", () => {
  it.each([false, true])(
    "keeps nothing that a transaction may change, whether or not its function throws: %s",
    async (throws) => {
      const scope = redis.tickpipe.scope({ memo: true });
      const seen: unknown[] = [];
      const read = async (): Promise<void> => void seen.push(await scope.redis.get("key"));
      await read();
      const transaction = scope.redis.tickpipe.transaction(["text"], async (tx) => {
        await read();
        await tx.set("key", "first");
        await read();
        await tx.set("key", "second");
        await read();
        if (throws) throw new Error("after its writes");
        return tx.multi().set("key", "third");
      });
      await transaction.catch(() => {});
      await read();
      expect(seen).toEqual(["value", "value", "first", "second", throws ? "second" : "third"]);
      const { memoHits } = scope.stats();
      await read();
      expect(scope.stats().memoHits).toBe(memoHits + 1);
      scope.close();
    },
  );
});

it("a transaction of single calls is counted command by command", async () => {
  const register = new Registry();
  onTestFinished(collectMetrics(redis, { register }));
  await Promise.all([redis.multi({ pipeline: false }), redis.get("key"), redis.exec()]);
  const { values } = (await register.getSingleMetric("tickpipe_commands_total")?.get()) ?? { values: [] };
  const counts = values.map(({ labels, value }) => `${labels.command} ${labels.outcome} ${value}`);
  expect(counts).toEqual(["multi ok 1", "get ok 1", "exec ok 1"]);
});
