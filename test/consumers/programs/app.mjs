// An application in JavaScript, ES modules.
import { metrics as telemetry } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { TickpipeTypeError, tickpipe } from "@tickpipe/core";
import { collectMetrics } from "@tickpipe/core/metrics";
import { openTelemetry } from "@tickpipe/core/otel";
import { countRoundTrips, expectNoWaterfall, expectRoundTrips } from "@tickpipe/core/testing";
import { perRequest } from "@tickpipe/express";
import { inspector } from "@tickpipe/inspector";
import express from "express";
import { Redis } from "ioredis";
import { Registry } from "prom-client";
import { exercise } from "./exercise.cjs";

const redis = tickpipe(new Redis(process.env.REDIS_URL));

const register = new Registry();
collectMetrics(redis, { register });
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter });
telemetry.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
openTelemetry(redis);

const app = express();
const page = inspector(redis);
app.use(perRequest(redis));
app.use("/_tickpipe", page);
app.get("/posts", (req, res, next) => {
  req.redis
    .lrange("posts", 0, -1)
    .then((ids) => Promise.all(ids.map((id) => req.redis.hgetall(`post:${id}`))))
    .then((posts) => res.json(posts))
    .catch(next);
});
app.get("/careless", async (req, res, next) => {
  try {
    const posts = [];
    for (const id of ["1", "2", "3"]) posts.push(await req.redis.hgetall(`post:${id}`));
    res.json(posts);
  } catch (error) {
    next(error);
  }
});
app.get("/metrics", (_req, res, next) => {
  register.metrics().then((text) => res.type(register.contentType).send(text), next);
});

await exercise({
  ...{ app, redis, plain: new Redis(process.env.REDIS_URL), page, reader, exporter },
  ...{ tickpipe, TickpipeTypeError, countRoundTrips, expectNoWaterfall, expectRoundTrips },
});
