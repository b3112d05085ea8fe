import { trace } from "@opentelemetry/api";
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { type ScopeRecord, type Tickpiped, tickpipe } from "@tickpipe/core";
import { collectMetrics } from "@tickpipe/core/metrics";
import { openTelemetry } from "@tickpipe/core/otel";
import { eventually, type RunningCluster, startCluster } from "@tickpipe/test-support";
import { Cluster, Redis } from "ioredis";
import { Cluster as Cluster5 } from "ioredis5";
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

let cluster: RunningCluster;
beforeAll(async () => {
  cluster = await startCluster({ masters: 2, replicasPerMaster: 0 });
});
afterAll(() => cluster.stop());

/** Keys of the two masters: their slots are 12182 and 5061. */
const [OF_SECOND, OF_FIRST] = ["foo", "bar"] as const;
const SLOT_OF_FIRST = 5061;

const clients: [string, () => Cluster][] = [
  ["ioredis 6", () => new Cluster([...cluster.nodes])],
  ["ioredis 5", () => new Cluster5([...cluster.nodes]) as unknown as Cluster],
];

describe.each(clients)("a Cluster of %s, observed", (_name, make) => {
  const connect = async (): Promise<Tickpiped<Cluster>> => {
    const client = make();
    onTestFinished(() => client.disconnect());
    const redis = tickpipe(client, { splitSlots: true });
    // Connects to both nodes.
    await Promise.all([redis.get(OF_FIRST), redis.get(OF_SECOND)]);
    await eventually("both nodes are connected", () => client.nodes().every(({ status }) => status === "ready"));
    return redis;
  };

  it("counts commands on each node, and one that was redirected once, by what it came to", async () => {
    const redis = await connect();
    const register = new Registry();
    onTestFinished(collectMetrics(redis, { register }));
    await moveSlotToSecond();
    const calls = [redis.get(OF_FIRST), redis.set(OF_SECOND, "v"), redis.mget(OF_FIRST, OF_SECOND)];
    calls.push(redis.lpush(OF_SECOND, "x").catch(() => null) as never, redis.call("get", OF_FIRST) as never);
    calls.push(redis.pipeline().set(OF_SECOND, "w").get(OF_SECOND).exec() as never);
    await Promise.all(calls);
    const text = await register.metrics();
    const counted = [
      ...text.matchAll(/^tickpipe_commands_total\{client="default",command="(\w+)",outcome="(\w+)"\} (\d+)$/gm),
    ];
    expect(counted.map(([, ...counts]) => counts.join(" ")).sort()).toEqual([
      "get ok 3",
      "lpush error 1",
      "mget ok 2",
      "set ok 2",
    ]);
    expect(text).toContain('tickpipe_command_duration_seconds_count{client="default"} 8');
  });

  it("tells of each node's batch, with a span of its own", async () => {
    const spans = new InMemorySpanExporter();
    const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
    tracerProvider.register();
    onTestFinished(() => trace.disable());
    const redis = await connect();
    onTestFinished(openTelemetry(redis, { tracerProvider, batchSpans: true }));
    const tracer = tracerProvider.getTracer("test");
    const read = (name: string, key: string, count: number) =>
      tracer.startActiveSpan(name, async (span) => {
        await Promise.all(Array.from({ length: count }, (_, i) => redis.get(`{${key}}:${i}`)));
        span.end();
        return span.spanContext().spanId;
      });
    const [ann, bob] = await Promise.all([read("ann", OF_FIRST, 2), read("bob", OF_SECOND, 3)]);
    const pipelines = spans.getFinishedSpans().filter(({ name }) => name === "PIPELINE");
    expect(
      pipelines
        .map((span) => [span.attributes["db.operation.batch.size"], span.links.map((link) => link.context.spanId)])
        .sort(),
    ).toEqual([
      [2, [ann]],
      [3, [bob]],
    ]);
  });

  it("records calls with their keys, a split call as one of several commands", async () => {
    const redis = await connect();
    const records: ScopeRecord[] = [];
    onTestFinished(redis.tickpipe.record((record) => records.push(record)));
    const scope = redis.tickpipe.scope();
    await Promise.all([scope.redis.get(OF_FIRST), scope.redis.mget(OF_FIRST, OF_SECOND)]);
    scope.close();
    expect(records[0]?.calls.map((call) => [call.command, call.commands, call.keys, call.outcome])).toEqual([
      ["get", 1, [OF_FIRST], "ok"],
      ["mget", 2, [OF_FIRST, OF_SECOND], "ok"],
    ]);
  });
});

/** Gives a slot of the first master to the second until the test is over, which only a redirect tells a client. */
async function moveSlotToSecond(): Promise<void> {
  const [first, second] = cluster.nodes;
  if (!first || !second) throw new Error("The cluster has two nodes.");
  const give = async (id: string): Promise<void> => {
    // The new owner first, so that it knows of the slot when it is asked.
    for (const { host, port } of id === second.id ? [second, first] : [first, second]) {
      const node = new Redis({ host, port });
      await node.del(OF_FIRST).catch(() => {});
      await node.cluster("SETSLOT", SLOT_OF_FIRST, "NODE", id);
      node.disconnect();
    }
  };
  onTestFinished(() => give(first.id));
  await give(second.id);
}
