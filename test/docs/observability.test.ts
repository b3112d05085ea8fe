import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import express from "express";
import type { Redis } from "ioredis";
import { register } from "prom-client";
import request from "supertest";
import { beforeEach, describe, expect, it } from "vitest";
import { forOpenTelemetry, forPromClient, logBatches, record, tests } from "../../examples/docs/src/observability.ts";
import { useServer } from "../engine.ts";

const server = useServer();

describe("docs/observability.md", () => {
  let redis: Tickpiped<Redis>;
  beforeEach(async () => {
    redis = tickpipe(server.client());
    await redis.ping();
  });

  it("logs batches", async () => {
    const lines: string[] = [];
    logBatches({ log: (line) => lines.push(line) });
    await Promise.all([redis.get("a"), redis.get("b")]);
    expect(lines).toEqual(["2 commands, 40 bytes"]);
  });

  it("counts for prom-client", async () => {
    forPromClient(redis);
    await redis.get("a");
    expect(await register.metrics()).toContain(
      'tickpipe_commands_total{client="default",command="get",outcome="ok"} 1',
    );
  });

  it("counts for OpenTelemetry", async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter });
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
    forOpenTelemetry(redis);
    await redis.get("a");
    await reader.forceFlush();
    const names = exporter
      .getMetrics()[0]
      ?.scopeMetrics.flatMap(({ metrics }) => metrics.map((metric) => metric.descriptor.name));
    expect(names).toEqual(expect.arrayContaining(["db.client.operation.duration", "tickpipe.batch.size"]));
    await reader.shutdown();
  });

  it("records scopes, with the lines that called", async () => {
    const records: unknown[] = [];
    const end = record(redis, { log: (found) => records.push(found) });
    const scope = redis.tickpipe.scope();
    await scope.redis.get("a");
    scope.close();
    end();
    expect(records).toMatchObject([{ calls: [{ command: "get", keys: ["a"], callSite: {} }] }]);
    redis.tickpipe.scope().close();
    expect(records).toHaveLength(1);
  });

  it("tests what an application asks of Redis", async () => {
    await redis.rpush("posts", "post:1", "post:2");
    await redis.mset({ "post:1": "one", "post:2": "two" });
    const loadPosts = async () => {
      const keys = await redis.lrange("posts", 0, -1);
      return (await Promise.all(keys.map((key) => redis.get(key)))).map(String);
    };
    const loadUser = (own: Redis, id: number) => own.hgetall(`user:${id}`);
    const app = express().use(perRequest(redis));
    app.get("/posts", async (_req, res) => res.json(await loadPosts()));
    const tested = {
      redis,
      app,
      request: () => ({ get: async (path: string) => request(app).get(path) }),
      loadPosts,
      loadUser,
      expect,
    };

    expect(await tests(tested)).toEqual(["one", "two"]);
    const slowly = async (): Promise<string[]> => {
      await redis.get("a");
      return loadPosts();
    };
    await expect(tests({ ...tested, loadPosts: slowly })).rejects.toThrow("at most 2 round trips, got 3");
  });
});
