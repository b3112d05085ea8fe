import { context, type Span, SpanKind, trace } from "@opentelemetry/api";
import { IORedisInstrumentation } from "@opentelemetry/instrumentation-ioredis";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { tickpipe } from "@tickpipe/core";
import { openTelemetry } from "@tickpipe/core/otel";
import { HOST } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import * as ioredis5 from "ioredis5";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { range, useServer } from "../engine.ts";

const server = useServer();
const spans = new InMemorySpanExporter();
const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const tracer = tracerProvider.getTracer("test");

beforeAll(() => {
  // Registers the context manager, on AsyncLocalStorage, as an application does.
  tracerProvider.register();
});
afterAll(async () => {
  await tracerProvider.shutdown();
  trace.disable();
  context.disable();
});
beforeEach(() => spans.reset());

/** Runs a function as a request: in a span of its own. */
function inSpan<T>(name: string, fn: (span: Span) => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, async (span) => {
    try {
      return await fn(span);
    } finally {
      span.end();
    }
  });
}

const named = (...names: string[]): ReadableSpan[] =>
  spans.getFinishedSpans().filter(({ name }) => names.includes(name.toLowerCase()));
const idOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().spanId;
const requestNamed = (name: string): ReadableSpan | undefined =>
  spans.getFinishedSpans().find((span) => span.name === name);

describe("@opentelemetry/instrumentation-ioredis", () => {
  const instrumentation = new IORedisInstrumentation({ dbStatementSerializer: (_command, args) => String(args[0]) });
  instrumentation.setTracerProvider(tracerProvider);

  /** Has the instrumentation patch a copy of ioredis, as its loader hook does: that does not see modules which the test runner loads. */
  function patch(moduleExports: object): void {
    const [definition] = instrumentation.getModuleDefinitions();
    definition?.patch?.(moduleExports, "5.11.1");
    onTestFinished(() => definition?.unpatch?.(moduleExports));
  }

  /** Three requests that call in one tick and go on in others; each span's statement begins with its own request's name. */
  async function interleave(redis: Redis): Promise<void> {
    const request = (name: string) =>
      inSpan(name, async () => {
        for (const i of range(3)) {
          await Promise.all([
            redis.get(`${name}:${i}:a`),
            redis.set(`${name}:${i}:b`, "v"),
            redis.hget(`${name}:h`, "f"),
          ]);
          await redis.pipeline().incr(`${name}:n`).getBuffer(`${name}:${i}:c`).exec();
          expect(trace.getActiveSpan()).toMatchObject({ name });
        }
      });
    await Promise.all(["ann", "bob", "cyd"].map(request));
  }

  function expectOwnParents(): void {
    const found = named("get", "set", "hget", "incr");
    expect(found).toHaveLength(3 * 3 * 5);
    for (const span of found) {
      const [owner = ""] = String(span.attributes["db.statement"] ?? span.attributes["db.query.text"]).split(":");
      expect([owner, span.parentSpanContext?.spanId]).toEqual([owner, idOf(requestNamed(owner))]);
    }
  }

  const clients: [string, () => Redis, object][] = [
    ["ioredis 5", () => new ioredis5.Redis(server.port, HOST) as unknown as Redis, ioredis5.default],
    ["ioredis 6", () => new Redis(server.port, HOST), Redis],
  ];
  describe.each(clients)("with %s", (_name, make, moduleExports) => {
    const wrapped = async (lean: boolean) => {
      const client = make();
      onTestFinished(() => client.disconnect());
      const redis = tickpipe(client, { lean });
      await redis.ping();
      return redis;
    };

    it.each([true, false])(
      "gives each command's span its own request as parent, requests interleaved, lean: %s",
      async (lean) => {
        patch(moduleExports);
        await interleave(await wrapped(lean));
        expectOwnParents();
      },
    );

    it("does so for a client that was wrapped before it patched", async () => {
      const redis = await wrapped(true);
      patch(moduleExports);
      await interleave(redis);
      expectOwnParents();
    });

    it("gives a script, a multi, a callback and an error spans of their own request too", async () => {
      patch(moduleExports);
      const redis = await wrapped(true);
      await redis.set("text", "v");
      await inSpan("ann", () =>
        Promise.allSettled([
          redis.eval("return 1", 0),
          redis.multi().incr("n").exec(),
          new Promise((resolve) => redis.get("text", resolve)),
          redis.lpush("text", "x"),
        ]),
      );
      const parent = idOf(requestNamed("ann"));
      const found = spans.getFinishedSpans().filter(({ name }) => name !== "ann");
      expect(found.map(({ name }) => name).sort()).toEqual(["eval", "exec", "get", "incr", "lpush", "multi"]);
      for (const span of found) expect(span.parentSpanContext?.spanId).toBe(parent);
      expect(named("lpush")[0]?.status.code).toBe(2);
    });
  });

  it("does not do so with enableAutoPipelining, which calls them from one request's context", async () => {
    patch(ioredis5.default);
    const client = new ioredis5.Redis({
      port: server.port,
      host: HOST,
      enableAutoPipelining: true,
    }) as unknown as Redis;
    onTestFinished(() => client.disconnect());
    await client.ping();
    spans.reset();
    const request = (name: string) => inSpan(name, () => client.get(`${name}:a`));
    await Promise.all(["ann", "bob", "cyd"].map(request));
    const parents = new Set(named("get").map((span) => span.parentSpanContext?.spanId));
    expect(parents.size).toBeLessThan(3);
  });
});

describe("a PIPELINE span", () => {
  const spanned = async (batchSpans: boolean) => {
    const redis = tickpipe(new Redis({ port: server.port, host: HOST, db: 2 }));
    onTestFinished(() => redis.disconnect());
    onTestFinished(openTelemetry(redis, { tracerProvider, batchSpans }));
    await redis.ping();
    return redis;
  };

  it("is there for each batch of two commands or more, with links to the spans of its requests", async () => {
    const redis = await spanned(true);
    await Promise.all([
      inSpan("ann", () => Promise.all([redis.get("a"), redis.get("b")])),
      inSpan("bob", () => redis.set("c", "v")),
      redis.get("d"),
      redis.tickpipe.transaction(["w"], (tx) => tx.multi().incr("w")),
    ]);
    await redis.get("alone");
    const [batch, ...others] = named("pipeline").filter((span) => span.links.length > 0);
    expect(others).toEqual([]);
    expect(batch?.links.map((link) => link.context.spanId).sort()).toEqual(
      ["ann", "bob"].map((name) => idOf(requestNamed(name))).sort(),
    );
    expect(batch).toMatchObject({ kind: SpanKind.CLIENT, parentSpanContext: undefined, ended: true });
    expect(batch?.attributes).toEqual({
      ...{ "db.system.name": "redis", "db.namespace": "2", "db.operation.name": "PIPELINE" },
      ...{ "db.operation.batch.size": 4, "server.address": HOST, "server.port": server.port },
    });
    // The transaction's own batch: MULTI, INCR and EXEC.
    expect(
      named("pipeline")
        .map((span) => span.attributes["db.operation.batch.size"])
        .sort(),
    ).toEqual([3, 4]);
  });

  it("is not there unless it is asked for", async () => {
    const redis = await spanned(false);
    await inSpan("ann", () => Promise.all([redis.get("a"), redis.get("b")]));
    expect(named("pipeline")).toEqual([]);
  });
});

describe("metrics of OpenTelemetry", () => {
  async function measured(fn: (redis: ReturnType<typeof tickpipe<Redis>>) => Promise<unknown>) {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const redis = tickpipe(new Redis(server.port, HOST), { maxPending: 8, blocking: "isolate" });
    await redis.ping();
    const end = openTelemetry(redis, { meterProvider });
    await fn(redis);
    end();
    await redis.get("no longer measured");
    await meterProvider.forceFlush();
    await meterProvider.shutdown();
    redis.disconnect();
    const found =
      exporter
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap(({ metrics }) => metrics) ?? [];
    return Object.fromEntries(found.map((metric) => [metric.descriptor.name, metric]));
  }

  it("follow the conventions for databases, and add what these have no name for", async () => {
    const metrics = await measured(async (redis) => {
      const scope = redis.tickpipe.scope({ memo: true });
      await scope.redis.set("text", "v");
      await Promise.allSettled([scope.redis.get("text"), scope.redis.get("text"), scope.redis.lpush("text", "x")]);
      await scope.redis.get("text");
      await scope.redis.get("text");
      scope.close();
      await redis.call("no-such-command").catch(() => {});
      await Promise.allSettled(range(10).map((i) => redis.get(`k${i}`)));
    });
    const duration = metrics["db.client.operation.duration"];
    expect(duration?.descriptor).toMatchObject({ unit: "s" });
    const where = { "db.system.name": "redis", "server.address": HOST, "server.port": server.port };
    const operation = (name: string, error?: string) => ({
      ...{ ...where, "db.namespace": "0", "db.operation.name": name },
      ...(error === undefined ? {} : { "error.type": error, "db.response.status_code": error }),
    });
    expect(
      duration?.dataPoints.map(({ attributes, value }) => [attributes, (value as { count: number }).count]),
    ).toEqual([
      [operation("SET"), 1],
      [operation("GET"), 10],
      [operation("LPUSH", "WRONGTYPE"), 1],
      [operation("OTHER", "ERR"), 1],
    ]);
    expect(duration?.dataPoints[0]?.value).toMatchObject({
      buckets: { boundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] },
    });
    const value = (name: string) => metrics[name]?.dataPoints.map(({ value }) => value);
    expect(value("tickpipe.batch.size")).toMatchObject([{ count: 5, sum: 13, max: 8 }]);
    expect(value("tickpipe.batch.bytes")).toMatchObject([{ count: 5 }]);
    expect(value("tickpipe.scope.round_trips")).toMatchObject([{ count: 1, sum: 3 }]);
    expect(["tickpipe.deduplicated", "tickpipe.memo_hits", "tickpipe.overloads"].map(value)).toEqual([[1], [1], [2]]);
  });

  it("tell what is pending when they are read", async () => {
    const metrics = await measured(async (redis) => {
      redis.tickpipe.scope();
      redis.blpop("list", 0).catch(() => {});
      const reader = new PeriodicExportingMetricReader({
        exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
        exportIntervalMillis: 1_000_000,
      });
      const meterProvider = new MeterProvider({ readers: [reader] });
      onTestFinished(openTelemetry(redis, { meterProvider }));
      const { resourceMetrics } = await reader.collect();
      const pending = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
      expect(pending).toMatchObject([{ descriptor: { name: "tickpipe.pending" }, dataPoints: [{ value: 1 }] }]);
      await meterProvider.shutdown();
    });
    expect(metrics["tickpipe.pending"]).toBeUndefined();
  });

  it("hold no key, value or password, spans of batches neither", async () => {
    const metrics = await measured(async (redis) => {
      onTestFinished(openTelemetry(redis, { tracerProvider, batchSpans: true }));
      const scope = redis.tickpipe.scope({ name: "SECRET-NAME" });
      await Promise.allSettled([
        ...[
          scope.redis.get("SECRET-KEY"),
          scope.redis.set("SECRET-KEY", "SECRET-VALUE"),
          scope.redis.auth("SECRET-PASSWORD"),
        ],
        ...[scope.redis.call("SECRET-COMMAND", "SECRET-KEY"), scope.redis.lpush("SECRET-KEY", "SECRET-VALUE")],
        scope.redis.eval("return redis.error_reply(ARGV[1])", 1, "SECRET-KEY", "SECRET-VALUE"),
      ]);
      scope.close();
    });
    const told = [
      ...Object.values(metrics),
      ...named("pipeline").map(({ name, attributes, events }) => ({ name, attributes, events })),
    ];
    expect(named("pipeline")).not.toEqual([]);
    expect(JSON.stringify(told)).not.toMatch(/SECRET/i);
  });
});

it.each<[unknown, string]>([
  [null, "Expected the options of openTelemetry() to be an object"],
  [{ meterProvider: {} }, 'Expected option "meterProvider" of openTelemetry() to be a MeterProvider'],
  [{ tracerProvider: 5 }, 'Expected option "tracerProvider" of openTelemetry() to be a TracerProvider'],
  [{ batchSpans: "yes" }, 'Expected option "batchSpans" of openTelemetry() to be true or false'],
  [{ spans: true }, "openTelemetry() has no option named"],
])("openTelemetry() refuses the options %j", (options, said) => {
  expect(() => openTelemetry(server.client(), options as never)).toThrow(said);
});
