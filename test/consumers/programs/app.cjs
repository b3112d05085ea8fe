// The same application in JavaScript, CommonJS.
const { metrics: telemetry } = require("@opentelemetry/api");
const {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} = require("@opentelemetry/sdk-metrics");
const { TickpipeTypeError, tickpipe } = require("@tickpipe/core");
const { collectMetrics } = require("@tickpipe/core/metrics");
const { openTelemetry } = require("@tickpipe/core/otel");
const { countRoundTrips, expectNoWaterfall, expectRoundTrips } = require("@tickpipe/core/testing");
const { perRequest } = require("@tickpipe/express");
const { inspector } = require("@tickpipe/inspector");
const express = require("express");
const { Redis } = require("ioredis");
const { Registry } = require("prom-client");
const { exercise } = require("./exercise.cjs");

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

exercise({
  ...{ app, redis, plain: new Redis(process.env.REDIS_URL), page, reader, exporter },
  ...{ tickpipe, TickpipeTypeError, countRoundTrips, expectNoWaterfall, expectRoundTrips },
});
