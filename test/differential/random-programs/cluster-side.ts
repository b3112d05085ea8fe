import { once } from "node:events";
import { type RunningCluster, startCluster } from "@tickpipe/test-support";
import { type Cluster, Redis } from "ioredis";
import { clusterVariants } from "../../cluster/cluster-variants.ts";
import { type ClientUnderTest, clientUnderTest } from "./client-under-test.ts";
import { threadTag } from "./generate/cluster-programs.ts";
import { LOADED_SCRIPTS } from "./generate/other-commands.ts";
import { Monitor } from "./monitor.ts";
import type { Setup } from "./program.ts";
import { dataOf, type LeftOver, leftIn, type Side } from "./side.ts";

/** A side whose client is a Cluster, with three masters of its own. */
export class ClusterSide implements Side {
  readonly name: Side["name"];
  readonly #cluster: RunningCluster;
  readonly #controls: readonly Redis[];
  readonly #monitors: readonly Monitor[];

  private constructor(
    name: Side["name"],
    cluster: RunningCluster,
    controls: readonly Redis[],
    monitors: readonly Monitor[],
  ) {
    this.name = name;
    this.#cluster = cluster;
    this.#controls = controls;
    this.#monitors = monitors;
  }

  static async start(name: Side["name"]): Promise<ClusterSide> {
    const cluster = await startCluster({ masters: 3, replicasPerMaster: 0 });
    const controls = cluster.nodes.map(({ host, port }) => new Redis({ host, port }));
    return new ClusterSide(
      name,
      cluster,
      controls,
      await Promise.all(cluster.nodes.map(({ port }) => Monitor.start(port))),
    );
  }

  async stop(): Promise<void> {
    for (const monitor of this.#monitors) monitor.stop();
    for (const control of this.#controls) control.disconnect();
    await this.#cluster.stop();
  }

  async clean(): Promise<void> {
    const load = LOADED_SCRIPTS.map((lua) => ["script", "LOAD", lua]);
    await this.#onEach((control) => control.pipeline([["flushall"], ["script", "FLUSH"], ...load]).exec());
  }

  newClient(setup: Setup, dedupe: boolean): ClientUnderTest {
    const { client: name, keyPrefix } = setup;
    const variant = clusterVariants.find((each) => each.name === name);
    if (!variant) throw new Error(`There is no Cluster variant named ${name}.`);
    const made = variant.make(this.#cluster.nodes, { ...(keyPrefix && { keyPrefix }) });
    return clientUnderTest(made as unknown as Redis, this.name, setup, dedupe);
  }

  /** By chance a Cluster has connected to some of its nodes by the time that it is ready. */
  async ready({ raw }: ClientUnderTest): Promise<void> {
    await once(raw, "ready");
    await Promise.all(
      clusterOf(raw)
        .nodes()
        .map((node) => node.ping()),
    );
  }

  /** Each node is told of it over a connection of its own, since a Cluster would tell but one. */
  async begin(marker: string): Promise<void> {
    await this.#onEach((control) => control.echo(marker));
  }

  beginBy(): Promise<unknown> {
    return Promise.resolve();
  }

  async end(_client: ClientUnderTest, marker: string): Promise<void> {
    await this.#onEach((control) => control.echo(marker));
  }

  async commandsBetween(begin: string, end: string): Promise<string[]> {
    return (await Promise.all(this.#monitors.map((monitor) => monitor.between(begin, end)))).flat();
  }

  keysOf(thread: number): string {
    return threadTag(thread);
  }

  async data(): Promise<string[]> {
    return (await this.#onEach((control) => dataOf(control, 0))).flat();
  }

  leftIn({ raw }: ClientUnderTest): LeftOver {
    const left = clusterOf(raw).nodes().map(leftIn);
    const { offlineQueue } = raw as unknown as { readonly offlineQueue: { readonly length: number } };
    const sum = (of: (each: LeftOver) => number): number => left.reduce((total, each) => total + of(each), 0);
    return {
      inFlight: sum((each) => each.inFlight),
      offline: sum((each) => each.offline) + offlineQueue.length,
      corked: sum((each) => each.corked),
    };
  }

  #onEach<T>(call: (control: Redis) => Promise<T>): Promise<T[]> {
    return Promise.all(this.#controls.map(call));
  }
}

/** The side's client as what it is; to programs it is a `Redis`, since what they call is alike on both. */
function clusterOf(raw: Redis): Cluster {
  return raw as unknown as Cluster;
}
