/**
 * Metrics for Prometheus. Needs `prom-client` 15, which the application installs.
 *
 * @module metrics
 */
import { Counter, Gauge, register as globalRegistry, Histogram, type Registry } from "prom-client";
import type { IoredisClient } from "./client.ts";
import type { TickpipeControls } from "./controls.ts";
import { TickpipeTypeError } from "./errors.ts";
import { commandLabelOf } from "./observe/command-label.ts";
import { watchersOf } from "./observe/watchers.ts";
import { invalidOption, rejectUnknownOptions } from "./option-checks.ts";
import { tickpipe } from "./tickpipe.ts";

/** Options of `collectMetrics()`. */
export interface MetricsOptions {
  /** Where the metrics are registered. Default: prom-client's global registry. */
  register?: Registry;
  /** Tells one client of an application from another, as the label `client`: a short word, and no URL. Default `"default"`. */
  client?: string;
}

/**
 * Collects what a client does as metrics of prom-client, each with the label `client`:
 *
 * - `tickpipe_commands_total` by `command` (`"other"` for one that ioredis does not know) and `outcome` (`"ok"`, `"error"`)
 * - `tickpipe_command_duration_seconds`, from the call to its reply
 * - `tickpipe_batch_commands` and `tickpipe_batch_bytes`, of each write
 * - `tickpipe_scope_round_trips`, of each scope that is closed, as of each request
 * - `tickpipe_deduplicated_total` by `command`, and `tickpipe_memo_hits_total` of the scopes that are closed
 * - `tickpipe_pending` and `tickpipe_waiting`, at the time of the scrape
 * - `tickpipe_overloads_total` by `option`
 *
 * No label holds a key or where the server is. Several clients may share a registry, each by a label of its own: one that another has is refused. A client that
 * is collected already, in the same registry by the same label, is counted once.
 *
 * @param redis a view, or a client that is wrapped with the default options if it is not yet
 * @returns ends it; what has been counted stays in the registry
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_CLIENT`, `ERR_TICKPIPE_INVALID_OPTION`; `ERR_TICKPIPE_METRICS_LABEL` for a label that another client
 *   of the registry has, or a second one for the same client
 * @throws {TickpipeError} `ERR_TICKPIPE_AUTOPIPELINING` for a plain client that `tickpipe()` refuses
 */
export function collectMetrics(redis: IoredisClient, options: MetricsOptions = {}): () => void {
  const { register, client } = resolve(options);
  const { tickpipe: controls } = tickpipe(redis);
  const metrics = metricsIn(register);
  const collected = metrics.collected.get(client);
  if (collected?.client === controls.client) return metrics.join(client, collected);
  if (collected !== undefined || metrics.hasClient(controls.client)) throw labelTaken(collected !== undefined);
  const end = watch(controls.client, client, metrics);
  return metrics.join(client, { client: controls.client, stats: () => controls.stats(), end, count: 0 });
}

/** Tells the metrics what a client does. @returns ends it */
function watch(raw: IoredisClient, client: string, metrics: Metrics): () => void {
  const commandLabel = commandLabelOf(raw);
  return watchersOf(raw).add({
    command: (name) => {
      const start = performance.now();
      const command = commandLabel(name);
      return (error) => {
        metrics.commands.inc({ client, command, outcome: error === undefined ? "ok" : "error" });
        metrics.commandDuration.observe({ client }, (performance.now() - start) / 1_000);
      };
    },
    batch: ({ commands, bytes }) => {
      metrics.batchCommands.observe({ client }, commands);
      metrics.batchBytes.observe({ client }, bytes);
    },
    request: ({ roundTrips, memoHits }) => {
      metrics.roundTrips.observe({ client }, roundTrips);
      if (memoHits > 0) metrics.memoHits.inc({ client }, memoHits);
    },
    dedupe: ({ command, count }) => metrics.deduplicated.inc({ client, command: commandLabel(command) }, count),
    overload: ({ option }) => metrics.overloads.inc({ client, option }),
  });
}

function labelTaken(byAnother: boolean): TickpipeTypeError {
  return new TickpipeTypeError(
    "ERR_TICKPIPE_METRICS_LABEL",
    byAnother
      ? 'Another client of this registry is collected by this label, and their figures would be one. Give each its own, as in collectMetrics(redis, { client: "sessions" }).'
      : "This client is collected in this registry already, by another label, and all that it does would count twice. End that collection first, or use its label.",
  );
}

/** A client that is collected, by one or several calls of `collectMetrics()`. */
interface Collected extends Pick<TickpipeControls<IoredisClient>, "stats"> {
  readonly client: object;
  readonly end: () => void;
  /** How many calls have not ended it. */
  count: number;
}

type Metrics = ReturnType<typeof createMetrics>;

function createMetrics(register: Registry) {
  const registers = [register];
  /** Whose state is asked for at a scrape. */
  const collected = new Map<string, Collected>();
  /** Counts one more call that collects a client. @returns ends that one */
  const join = (label: string, each: Collected): (() => void) => {
    collected.set(label, each);
    each.count += 1;
    let hasEnded = false;
    return () => {
      if (hasEnded) return;
      hasEnded = true;
      each.count -= 1;
      if (each.count > 0) return;
      each.end();
      if (collected.get(label) === each) collected.delete(label);
    };
  };
  const state = (name: string, help: string, read: (stats: ReturnType<Collected["stats"]>) => number): void => {
    new Gauge({
      ...{ name, help, registers, labelNames: ["client"] },
      collect() {
        this.reset();
        for (const [client, controls] of collected) this.set({ client }, read(controls.stats()));
      },
    });
  };
  state("tickpipe_pending", "Commands that wait for a connection or for their reply, now.", ({ pending }) => pending);
  state("tickpipe_waiting", "Calls that wait for room below maxPending, now.", ({ waiting }) => waiting);
  return {
    collected,
    join,
    hasClient: (client: object): boolean => [...collected.values()].some((each) => each.client === client),
    commands: new Counter({
      ...{ name: "tickpipe_commands_total", help: "Commands that were called, by name and outcome.", registers },
      labelNames: ["client", "command", "outcome"] as const,
    }),
    commandDuration: new Histogram({
      ...{ name: "tickpipe_command_duration_seconds", help: "Time from a command's call to its reply.", registers },
      ...{
        labelNames: ["client"] as const,
        buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
      },
    }),
    batchCommands: new Histogram({
      ...{ name: "tickpipe_batch_commands", help: "Commands that left as one write.", registers },
      ...{ labelNames: ["client"] as const, buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000] },
    }),
    batchBytes: new Histogram({
      ...{ name: "tickpipe_batch_bytes", help: "Bytes that left as one write.", registers },
      ...{ labelNames: ["client"] as const, buckets: [64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576] },
    }),
    roundTrips: new Histogram({
      ...{ name: "tickpipe_scope_round_trips", help: "Round trips of a scope, such as a request.", registers },
      ...{ labelNames: ["client"] as const, buckets: [0, 1, 2, 3, 5, 8, 13, 21, 34] },
    }),
    deduplicated: new Counter({
      ...{ name: "tickpipe_deduplicated_total", help: "Reads that got the reply to another one.", registers },
      labelNames: ["client", "command"] as const,
    }),
    memoHits: new Counter({
      ...{ name: "tickpipe_memo_hits_total", help: "Reads that a scope's memo answered.", registers },
      labelNames: ["client"] as const,
    }),
    overloads: new Counter({
      ...{
        name: "tickpipe_overloads_total",
        help: "Calls that were rejected with ERR_TICKPIPE_OVERLOADED.",
        registers,
      },
      labelNames: ["client", "option"] as const,
    }),
  };
}

const metricsOf = new WeakMap<Registry, ReturnType<typeof createMetrics>>();

/** A registry's metrics; made once, and again after it was cleared. */
function metricsIn(register: Registry): ReturnType<typeof createMetrics> {
  const known = metricsOf.get(register);
  if (known !== undefined && register.getSingleMetric("tickpipe_commands_total") === known.commands) return known;
  const metrics = createMetrics(register);
  metricsOf.set(register, metrics);
  return metrics;
}

function resolve(options: unknown): Required<MetricsOptions> {
  if (typeof options !== "object" || options === null) {
    throw invalidOption("the options of collectMetrics()", "an object", options);
  }
  const own = rejectUnknownOptions(options, ["register", "client"], "collectMetrics()");
  const { register = globalRegistry, client = "default" } = own as MetricsOptions;
  if (typeof register?.registerMetric !== "function") {
    throw invalidOption('option "register" of collectMetrics()', "a Registry of prom-client", register);
  }
  if (typeof client !== "string" || !/^[\w.-]{1,64}$/.test(client)) {
    throw invalidOption('option "client" of collectMetrics()', "a word of letters, digits, _, . and -", client);
  }
  return { register, client };
}
