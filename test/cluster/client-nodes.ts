import { countSocketWrites, eventually, slotOf } from "@tickpipe/test-support";
import type { Cluster, Redis } from "ioredis";

/** Connects a Cluster client to every node, masters and replicas, and waits until each connection is ready. */
export async function connectAll(client: Cluster): Promise<Cluster> {
  // Only a cluster that is ready knows its nodes.
  await client.ping();
  await eventually("the client knows all nodes and their roles", () => client.nodes("slave").length === 3);
  await Promise.all(client.nodes().map((node) => node.ping()));
  await new Promise((resolve) => setImmediate(resolve));
  return client;
}

/** Connects a Cluster client to every master, and waits until each connection is ready. */
export async function connectMasters(client: Cluster): Promise<Cluster> {
  await client.ping();
  await Promise.all(client.nodes("master").map((node) => node.ping()));
  return client;
}

/** Counts the writes to each node's socket, in the order of `nodes()`. */
export function countNodeWrites(client: Cluster, role: "all" | "master" | "slave" = "master"): { take(): number[] } {
  const counters = client.nodes(role).map((node: Redis) => countSocketWrites(node.stream));
  return { take: () => counters.map((counter) => counter.take()) };
}

/** The port of the node that has a key, as far as the client knows. */
export function portOf(client: Cluster, key: string): number {
  const { slots } = client as unknown as { readonly slots: readonly (readonly string[])[] };
  const [master = ""] = slots[slotOf(key)] ?? [];
  return Number(master.split(":").at(-1));
}

/** A key that the node at this port has. */
export function keyOn(client: Cluster, port: number): string {
  for (let i = 0; ; i++) if (portOf(client, `on ${i}`) === port) return `on ${i}`;
}
