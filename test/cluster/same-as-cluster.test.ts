import { tickpipe } from "@tickpipe/core";
import type { Cluster, ClusterOptions } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { connectMasters } from "./client-nodes.ts";
import { callsInOneSlot, clusterCalls } from "./cluster-calls.ts";
import { useCluster } from "./cluster-sides.ts";
import { clusterVariants } from "./cluster-variants.ts";

const setup = useCluster();

describe.each(clusterVariants)("$name", ({ make }) => {
  const made: Cluster[] = [];
  afterEach(() => {
    for (const client of made.splice(0)) client.disconnect();
  });
  const connect = async (options: ClusterOptions = {}): Promise<Cluster> => {
    const client = make(setup.cluster.nodes, options);
    made.push(client);
    return connectMasters(client);
  };

  async function outcomes(program: (cluster: Cluster) => unknown, options?: ClusterOptions): Promise<unknown[]> {
    const found: unknown[] = [];
    for (const wrap of [(raw: Cluster) => raw, (raw: Cluster): Cluster => tickpipe(raw)]) {
      const raw = await connect(options);
      await Promise.all(raw.nodes("master").map((node) => node.flushall()));
      found.push(await program(wrap(raw)));
    }
    return found;
  }

  it.each(callsInOneSlot)("answers the same through the view: %s", async (_name, program) => {
    const [plain, wrapped] = await outcomes(program, { keyPrefix: "{tag}:" });
    expect(wrapped).toStrictEqual(plain);
  });

  it.each(Object.entries(clusterCalls))("answers the same through the view: %s", async (_name, program) => {
    const [plain, wrapped] = await outcomes(program);
    expect(wrapped).toStrictEqual(plain);
  });
});
