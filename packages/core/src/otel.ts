/**
 * Metrics and spans for OpenTelemetry. Needs `@opentelemetry/api` 1.7 or later, which the application installs with its SDK.
 *
 * @module otel
 */
import { type Attributes, type MeterProvider, metrics, type TracerProvider, trace } from "@opentelemetry/api";
import { type IoredisClient, internalsOf } from "./client.ts";
import { databaseOf } from "./lanes/called-state.ts";
import { BatchSpans } from "./observe/batch-spans.ts";
import { commandLabelOf } from "./observe/command-label.ts";
import { errorLabel } from "./observe/error-label.ts";
import { serverAddressOf } from "./observe/server-address.ts";
import { watchersOf } from "./observe/watchers.ts";
import { invalidOption, rejectUnknownOptions } from "./option-checks.ts";
import { tickpipe } from "./tickpipe.ts";

/** Options of `openTelemetry()`. */
export interface OpenTelemetryOptions {
  /** Where the metrics are made. Default: the global one, as the SDK has registered it. */
  meterProvider?: MeterProvider;
  /** Where the spans of batches are made. Default: the global one. */
  tracerProvider?: TracerProvider;
  /** Whether each batch of two commands or more has a `PIPELINE` span, with links to the spans in which its commands were called. Default `false`. */
  batchSpans?: boolean;
}

const NAME = "@tickpipe/core";
/** That of Redis; named only where it is another one, as the conventions ask. */
const DEFAULT_PORT = 6379;
/** Those that the conventions ask for. */
const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/**
 * Measures what a client does with OpenTelemetry: `db.client.operation.duration` of each command by the conventions for databases
 * (https://opentelemetry.io/docs/specs/semconv/db/redis/), and what they have no name for: `tickpipe.batch.size`, `tickpipe.batch.bytes`,
 * `tickpipe.scope.round_trips`, `tickpipe.deduplicated`, `tickpipe.memo_hits`, `tickpipe.pending` and `tickpipe.overloads`.
 *
 * Spans of commands are made by `@opentelemetry/instrumentation-ioredis`, as for the client itself: each is a child of its caller's span.
 * No attribute holds a key, an argument or a password.
 *
 * @param redis a view, or a client that is wrapped with the default options if it is not yet
 * @returns ends it
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_CLIENT`, `ERR_TICKPIPE_INVALID_OPTION`
 * @throws {TickpipeError} `ERR_TICKPIPE_AUTOPIPELINING` for a plain client that `tickpipe()` refuses
 */
export function openTelemetry(redis: IoredisClient, options: OpenTelemetryOptions = {}): () => void {
  const { meterProvider, tracerProvider, batchSpans } = resolve(options);
  const { tickpipe: controls } = tickpipe(redis);
  const internals = internalsOf(controls.client);
  const commandLabel = commandLabelOf(controls.client);
  const { address, port } = serverAddressOf(internals);
  const server: Attributes = {
    "db.system.name": "redis",
    ...(address === undefined ? {} : { "server.address": address }),
    ...(address === undefined || port === undefined || port === DEFAULT_PORT ? {} : { "server.port": port }),
  };

  const meter = meterProvider.getMeter(NAME);
  const duration = meter.createHistogram("db.client.operation.duration", {
    ...{ unit: "s", description: "Duration of database client operations." },
    advice: { explicitBucketBoundaries: DURATION_BUCKETS },
  });
  const batchSize = meter.createHistogram("tickpipe.batch.size", {
    ...{ unit: "{command}", description: "Commands that left as one write." },
    advice: { explicitBucketBoundaries: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] },
  });
  const batchBytes = meter.createHistogram("tickpipe.batch.bytes", {
    ...{ unit: "By", description: "Bytes that left as one write." },
    advice: { explicitBucketBoundaries: [64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576] },
  });
  const roundTrips = meter.createHistogram("tickpipe.scope.round_trips", {
    ...{ unit: "{round_trip}", description: "Round trips of a scope, such as a request." },
    advice: { explicitBucketBoundaries: [0, 1, 2, 3, 5, 8, 13, 21, 34] },
  });
  const deduplicated = meter.createCounter("tickpipe.deduplicated", {
    ...{ unit: "{read}", description: "Reads that got the reply to another one." },
  });
  const memoHits = meter.createCounter("tickpipe.memo_hits", {
    ...{ unit: "{read}", description: "Reads that a scope's memo answered." },
  });
  const overloads = meter.createCounter("tickpipe.overloads", {
    ...{ unit: "{call}", description: "Calls that were rejected with ERR_TICKPIPE_OVERLOADED." },
  });
  const pending = meter.createObservableUpDownCounter("tickpipe.pending", {
    ...{ unit: "{command}", description: "Commands that wait for a connection or for their reply." },
  });
  const observePending = (result: { observe(value: number, attributes: Attributes): void }): void =>
    result.observe(controls.stats().pending, server);
  pending.addCallback(observePending);

  const operation = (name: string): Attributes => ({
    ...server,
    "db.namespace": String(databaseOf(internals)),
    "db.operation.name": name,
  });
  const watchers = watchersOf(controls.client);
  const ends = [
    watchers.add({
      command: (name) => {
        const start = performance.now();
        const attributes = operation(commandLabel(name).toUpperCase());
        return (error) => duration.record((performance.now() - start) / 1_000, { ...attributes, ...errorOf(error) });
      },
      batch: ({ commands, bytes, connection }) => {
        const attributes = { ...server, "tickpipe.connection": connection };
        batchSize.record(commands, attributes);
        batchBytes.record(bytes, attributes);
      },
      request: (request) => {
        roundTrips.record(request.roundTrips, server);
        if (request.memoHits > 0) memoHits.add(request.memoHits, server);
      },
      dedupe: ({ command, count }) =>
        deduplicated.add(count, { ...server, "db.operation.name": commandLabel(command).toUpperCase() }),
      overload: ({ option }) => overloads.add(1, { ...server, "tickpipe.option": option }),
    }),
    () => pending.removeCallback(observePending),
  ];
  if (batchSpans) ends.push(watchers.add(new BatchSpans(tracerProvider.getTracer(NAME), () => operation("PIPELINE"))));
  return () => {
    for (const end of ends) end();
  };
}

/** `error.type` is Redis's own word, as in `WRONGTYPE`, else the error's `code`, else its class. */
function errorOf(error: unknown): Attributes {
  if (error === undefined) return {};
  const { name, code } = errorLabel(error);
  if (name === "ReplyError" && code !== null) return { "error.type": code, "db.response.status_code": code };
  return { "error.type": code ?? name };
}

function resolve(options: unknown): Required<OpenTelemetryOptions> {
  if (typeof options !== "object" || options === null) {
    throw invalidOption("the options of openTelemetry()", "an object", options);
  }
  const own = rejectUnknownOptions(options, ["meterProvider", "tracerProvider", "batchSpans"], "openTelemetry()");
  const {
    meterProvider = metrics.getMeterProvider(),
    tracerProvider = trace.getTracerProvider(),
    batchSpans = false,
  } = own as OpenTelemetryOptions;
  if (typeof meterProvider?.getMeter !== "function") {
    throw invalidOption('option "meterProvider" of openTelemetry()', "a MeterProvider", meterProvider);
  }
  if (typeof tracerProvider?.getTracer !== "function") {
    throw invalidOption('option "tracerProvider" of openTelemetry()', "a TracerProvider", tracerProvider);
  }
  if (typeof batchSpans !== "boolean") {
    throw invalidOption('option "batchSpans" of openTelemetry()', "true or false", batchSpans);
  }
  return { meterProvider, tracerProvider, batchSpans };
}
