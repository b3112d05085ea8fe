import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { collectMetrics } from "@tickpipe/core/metrics";
import { eventually } from "@tickpipe/test-support";
import type { Redis } from "ioredis";
import { register as globalRegistry, Registry } from "prom-client";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { range, useServer } from "../engine.ts";
import { expectUnhandledRejection } from "../process-watch.ts";
import { clientVariants } from "../variants.ts";

const server = useServer();
let register: Registry;

beforeEach(() => {
  register = new Registry();
});

/** A metric's values, by name and labels, as in `tickpipe_pending{client="default"}`. */
async function values(of: Registry = register): Promise<Record<string, number>> {
  const lines = (await of.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
  );
}

const series = (all: Record<string, number>, name: string): Record<string, number> =>
  Object.fromEntries(Object.entries(all).filter(([key]) => key.startsWith(name) && !key.includes("_bucket")));

describe.each(clientVariants)("metrics, with $name", ({ make }) => {
  it("count commands by name and outcome, wherever they were called", async () => {
    const client = make({ port: server.port });
    onTestFinished(() => client.disconnect());
    const redis = tickpipe(client);
    await redis.set("text", "value");
    onTestFinished(collectMetrics(redis, { register }));
    const scope = redis.tickpipe.scope();
    await Promise.allSettled([
      ...[redis.get("a"), scope.redis.get("b"), redis.getBuffer("c"), redis.lpush("text", "x")],
      ...[redis.pipeline().get("d").lpush("text", "x").exec(), redis.multi().incr("n").exec()],
      ...[redis.call("GET", "e"), redis.call("no-such-command"), redis.eval("return 1", 0)],
      ...[redis.mset({ f: 1 }), redis.blpop("list", 0.01)],
      ...[
        new Promise((resolve) => redis.get("g", resolve)),
        redis.tickpipe.transaction(["w"], (tx) => tx.multi().incr("w")),
      ],
    ]);
    const command = (name: string, outcome: string) =>
      `tickpipe_commands_total{client="default",command="${name}",outcome="${outcome}"}`;
    expect(series(await values(), "tickpipe_commands_total")).toEqual({
      ...{ [command("get", "ok")]: 6, [command("lpush", "error")]: 2, [command("other", "error")]: 1 },
      ...{ [command("multi", "ok")]: 2, [command("incr", "ok")]: 2, [command("exec", "ok")]: 2 },
      ...{ [command("eval", "ok")]: 1, [command("mset", "ok")]: 1, [command("blpop", "ok")]: 1 },
    });
    expect(await values()).toMatchObject({ 'tickpipe_command_duration_seconds_count{client="default"}': 18 });
  });
});

describe("metrics", () => {
  const collected = (options: Parameters<typeof tickpipe>[1] = {}): Tickpiped<Redis> => {
    const redis = tickpipe(server.client(), options);
    onTestFinished(collectMetrics(redis, { register }));
    return redis;
  };

  it("tell of batches, round trips, shared and memoised reads, what is pending, and overloads", async () => {
    const redis = collected({ maxPending: 8 });
    await redis.ping();
    const scope = redis.tickpipe.scope({ memo: true });
    await Promise.all([...range(3).map(() => scope.redis.get("a")), scope.redis.get("b")]);
    await scope.redis.get("a");
    await scope.redis.incr("n");
    scope.close();
    const calls = Promise.allSettled(range(12).map((i) => redis.set(`k${i}`, "v")));
    expect(await values()).toMatchObject({
      ...{ 'tickpipe_pending{client="default"}': 8, 'tickpipe_waiting{client="default"}': 0 },
      'tickpipe_overloads_total{client="default",option="maxPending"}': 4,
    });
    await calls;
    const all = await values();
    expect(all).toMatchObject({
      ...{ 'tickpipe_batch_commands_count{client="default"}': 3, 'tickpipe_batch_commands_sum{client="default"}': 11 },
      ...{ 'tickpipe_batch_commands_bucket{le="2",client="default"}': 2 },
      'tickpipe_batch_bytes_count{client="default"}': 3,
      ...{
        'tickpipe_scope_round_trips_count{client="default"}': 1,
        'tickpipe_scope_round_trips_sum{client="default"}': 2,
      },
      'tickpipe_deduplicated_total{client="default",command="get"}': 2,
      'tickpipe_memo_hits_total{client="default"}': 1,
      'tickpipe_pending{client="default"}': 0,
    });
    expect(all['tickpipe_batch_bytes_sum{client="default"}']).toBeGreaterThan(200);
  });

  it("tell clients that share a registry apart, and stop when asked to", async () => {
    const [one, two] = [tickpipe(server.client()), tickpipe(server.client())];
    const end = collectMetrics(one, { register, client: "one" });
    onTestFinished(collectMetrics(two, { register, client: "two" }));
    await Promise.all([one.ping(), two.ping(), two.ping()]);
    expect(Object.keys(series(await values(), "tickpipe_pending"))).toHaveLength(2);
    end();
    await Promise.all([one.ping(), two.ping()]);
    const all = await values();
    expect(all['tickpipe_commands_total{client="one",command="ping",outcome="ok"}']).toBe(1);
    expect(all['tickpipe_commands_total{client="two",command="ping",outcome="ok"}']).toBe(3);
    expect(Object.keys(series(all, "tickpipe_pending"))).toEqual(['tickpipe_pending{client="two"}']);
    register.clear();
    onTestFinished(collectMetrics(one, { register }));
    await one.ping();
    expect((await values())['tickpipe_commands_total{client="default",command="ping",outcome="ok"}']).toBe(1);
  });

  it("count a client once, however often it is collected, and until the last has ended it", async () => {
    const redis = tickpipe(server.client());
    const ends = [collectMetrics(redis, { register }), collectMetrics(redis.tickpipe.client, { register })];
    const pings = async (): Promise<number | undefined> => {
      await redis.ping();
      return (await values())['tickpipe_commands_total{client="default",command="ping",outcome="ok"}'];
    };
    expect(await pings()).toBe(1);
    expect(series(await values(), "tickpipe_pending")).toEqual({ 'tickpipe_pending{client="default"}': 0 });
    ends[0]?.();
    ends[0]?.();
    expect(await pings()).toBe(2);
    ends[1]?.();
    expect(await pings()).toBe(2);
    expect(series(await values(), "tickpipe_pending")).toEqual({});
  });

  it("refuse a second client by the same label, and a second label for the same client", async () => {
    const [first, second] = [tickpipe(server.client()), tickpipe(server.client())];
    const end = collectMetrics(first, { register });
    const refused = expect.objectContaining({ name: "TickpipeTypeError", code: "ERR_TICKPIPE_METRICS_LABEL" });
    expect(() => collectMetrics(second, { register })).toThrow(refused as never);
    expect(() => collectMetrics(first, { register, client: "other" })).toThrow(refused as never);
    await second.ping();
    expect(series(await values(), "tickpipe_commands_total")).toEqual({});
    onTestFinished(collectMetrics(second, { register: new Registry() }));
    end();
    onTestFinished(collectMetrics(second, { register }));
    await second.ping();
    expect(series(await values(), "tickpipe_commands_total")).toEqual({
      'tickpipe_commands_total{client="default",command="ping",outcome="ok"}': 1,
    });
  });

  it("are registered globally by default", async () => {
    onTestFinished(() => globalRegistry.clear());
    onTestFinished(collectMetrics(server.client()));
    expect(globalRegistry.getSingleMetric("tickpipe_commands_total")).toBeDefined();
  });

  it("count a command that never got a connection as an error, and leave an unhandled rejection unhandled", async () => {
    const client = server.client({ port: 1, retryStrategy: null, maxRetriesPerRequest: 0 });
    client.on("error", () => {});
    const redis = tickpipe(client);
    onTestFinished(collectMetrics(redis, { register }));
    const unhandled = expectUnhandledRejection();
    redis.get("a");
    await eventually("reported", () => unhandled.length === 1);
    expect(await values()).toMatchObject({
      'tickpipe_commands_total{client="default",command="get",outcome="error"}': 1,
    });
  });

  it("hold no key, value, address or password", async () => {
    const redis = collected({ maxPending: 30 });
    const scope = redis.tickpipe.scope({ name: "SECRET-NAME" });
    await Promise.allSettled([
      ...range(3).map(() => scope.redis.get("SECRET-KEY")),
      ...[scope.redis.set("SECRET-KEY", "SECRET-VALUE"), scope.redis.auth("SECRET-PASSWORD")],
      ...[scope.redis.call("SECRET-COMMAND", "SECRET-KEY"), scope.redis.lpush("SECRET-KEY", "SECRET-VALUE")],
      scope.redis.eval("return redis.error_reply(ARGV[1])", 1, "SECRET-KEY", "SECRET-VALUE"),
      ...range(30).map(() => scope.redis.incr("SECRET-KEY")),
    ]);
    scope.close();
    const text = await register.metrics();
    expect(text).toContain('command="other"');
    expect(text).not.toMatch(new RegExp(`SECRET|127\\.0\\.0\\.1|${server.port}`, "i"));
  });

  it.each<[unknown, string]>([
    [null, "Expected the options of collectMetrics() to be an object"],
    [{ register: {} }, 'Expected option "register" of collectMetrics() to be a Registry of prom-client'],
    [{ client: "redis://user:pass@host" }, 'Expected option "client" of collectMetrics() to be a word'],
    [{ prefix: "x" }, "collectMetrics() has no option named"],
  ])("refuse the options %j", (options, said) => {
    const attempt = () => collectMetrics(server.client(), options as never);
    expect(attempt).toThrow(said);
    expect(attempt).not.toThrow("pass@");
  });
});
