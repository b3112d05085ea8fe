import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { type ClusterSize, type RunningCluster, slotOf, startCluster } from "@tickpipe/test-support";
import type { Cluster, ClusterOptions } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { clusterVariants } from "./cluster-variants.ts";
import { Load, type LoadOutcome } from "./load.ts";

/** A cluster of the tests of a file, and clients of it. */
export interface TestCluster {
  readonly cluster: RunningCluster;
  /**
   * A plain client that is ready; disconnected after the tests of the file.
   *
   * @param variant which client; default "ioredis 6"
   */
  connect(options?: ClusterOptions, variant?: string): Promise<Cluster>;
  /** Clients for the same load, each with keys of its own under the same tags, and so in the same slots. */
  sides(name: string, tags: readonly string[], variant?: string): Promise<Sides>;
}

export interface Sides {
  readonly plain: Load;
  readonly wrapped: Load;
  /** The view that the wrapped side calls. */
  readonly redis: Tickpiped<Cluster>;
  readonly all: readonly Load[];
}

/**
 * Starts a cluster before the tests of a file and stops it, with all its clients, after them. A test that fails leaves the cluster as it happens to be, so
 * the next one, which may be its second try, gets a new cluster.
 */
export function useCluster(size?: ClusterSize): TestCluster {
  const clients: Cluster[] = [];
  let running: RunningCluster | undefined;
  let isSpoilt = false;
  const start = async (): Promise<void> => {
    running = await startCluster(size);
  };
  const stop = async (): Promise<void> => {
    for (const client of clients.splice(0)) client.disconnect();
    await running?.stop();
  };
  beforeAll(start);
  beforeEach(async () => {
    if (!isSpoilt) return;
    isSpoilt = false;
    await stop();
    await start();
  });
  afterEach(({ task }) => {
    isSpoilt ||= task.result?.state === "fail";
  });
  afterAll(stop);
  const cluster = (): RunningCluster => running ?? expect.fail("The cluster is there only within tests and hooks.");
  const connect = async (options?: ClusterOptions, variant = "ioredis 6"): Promise<Cluster> => {
    const maker = clusterVariants.find(({ name }) => name === variant) ?? expect.fail(`no such client: ${variant}`);
    const client = maker.make(
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
    sides: async (name, tags, variant) => {
      const redis = tickpipe(await connect({}, variant));
      const plain = new Load(`plain ${name}`, await connect({}, variant), tags);
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

/** The clients that differ in how they follow a cluster. */
export const FOLLOWERS: readonly string[] = ["ioredis 6", "ioredis 5", "iovalkey"];

/** What came of a side's calls, for people. */
export function summary({ calls, errors, stale, miscounted, longestGapMs }: LoadOutcome): string {
  const counts = `${calls} calls, ${stale} stale, ${miscounted} miscounted`;
  return `${counts}, longest wait ${longestGapMs} ms, errors ${JSON.stringify(errors)}`;
}
