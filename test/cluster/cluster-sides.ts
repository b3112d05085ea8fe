import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { type ClusterSize, type RunningCluster, slotOf, startCluster } from "@tickpipe/test-support";
import { Cluster, type ClusterOptions } from "ioredis";
import { afterAll, beforeAll, expect } from "vitest";
import { Load, type LoadOutcome } from "./load.ts";

/** A cluster of the tests of a file, and clients of it. */
export interface TestCluster {
  readonly cluster: RunningCluster;
  /** A plain client that is ready; disconnected after the tests of the file. */
  connect(options?: ClusterOptions): Promise<Cluster>;
  /** Clients for the same load, each with keys of its own under the same tags, and so in the same slots. */
  sides(name: string, tags: readonly string[], options?: ClusterOptions): Promise<Sides>;
}

export interface Sides {
  readonly plain: Load;
  readonly wrapped: Load;
  /** The view that the wrapped side calls. */
  readonly redis: Tickpiped<Cluster>;
  readonly all: readonly Load[];
}

/** Starts a cluster before the tests of a file and stops it, with all its clients, after them. */
export function useCluster(size?: ClusterSize): TestCluster {
  const clients: Cluster[] = [];
  let running: RunningCluster | undefined;
  beforeAll(async () => {
    running = await startCluster(size);
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await running?.stop();
  });
  const cluster = (): RunningCluster => running ?? expect.fail("The cluster is there only within tests and hooks.");
  const connect = async (options?: ClusterOptions): Promise<Cluster> => {
    const client = new Cluster(
      cluster().nodes.map(({ host, port }) => ({ host, port })),
      options,
    );
    clients.push(client);
    client.on("error", () => {});
    await client.ping();
    return client;
  };
  return {
    get cluster() {
      return cluster();
    },
    connect,
    sides: async (name, tags, options) => {
      const redis = tickpipe(await connect(options));
      const plain = new Load(`plain ${name}`, await connect(options), tags);
      const wrapped = new Load(`wrapped ${name}`, redis, tags);
      return { plain, wrapped, redis, all: [plain, wrapped] };
    },
  };
}

/** Hash tags whose keys lie in these slots, one for each. */
export function tagsIn(slots: Iterable<number>): string[] {
  const wanted = new Set(slots);
  const tags: string[] = [];
  for (let i = 0; wanted.size > 0; i++) if (wanted.delete(slotOf(`t${i}`))) tags.push(`t${i}`);
  return tags;
}

/** What came of a side's calls, for people. */
export function summary({ calls, errors, stale, miscounted, longestGapMs }: LoadOutcome): string {
  const counts = `${calls} calls, ${stale} stale, ${miscounted} miscounted`;
  return `${counts}, longest wait ${longestGapMs} ms, errors ${JSON.stringify(errors)}`;
}
