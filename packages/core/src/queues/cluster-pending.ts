import { type ClientInternals, internalsOf, type PendingCommand } from "../client.ts";
import type { ClusterInternals, NodeClient } from "../cluster/cluster-client.ts";
import type { Pending } from "./pending.ts";
import { firstPending, lastPending, pendingBytes, pendingCommands } from "./queues.ts";

/**
 * What is pending on a cluster: in its own offline queue, in the queues of its nodes, and what it will send again after a delay.
 */
export class ClusterPending implements Pending {
  readonly #cluster: ClusterInternals;
  readonly #nodes: Iterable<NodeClient>;
  /** What waits to be sent again is in a timer's hands. */
  readonly mayHide = true;

  constructor(cluster: ClusterInternals, nodes: Iterable<NodeClient>) {
    this.#cluster = cluster;
    this.#nodes = nodes;
  }

  commands(): number {
    let commands = pendingCommands(this.#cluster);
    for (const node of this.#nodes) commands += pendingCommands(internalsOf(node));
    for (const queue of Object.values(this.#cluster.delayQueue?.queues ?? {})) commands += queue?.length ?? 0;
    return commands;
  }

  /** Without those of commands that wait to be sent again, which ioredis keeps out of sight. */
  bytes(): number {
    let bytes = pendingBytes(this.#cluster);
    for (const node of this.#nodes) bytes += pendingBytes(internalsOf(node));
    return bytes;
  }

  clients(): ClientInternals[] {
    return [this.#cluster, ...[...this.#nodes].map(internalsOf)];
  }

  firsts(): PendingCommand[] {
    return this.clients()
      .map(firstPending)
      .filter((command) => command !== null);
  }
}

/** The node that has a slot, as far as the client knows. */
export function ownerOf({ slots, connectionPool }: ClusterInternals, slot: number): NodeClient | undefined {
  const [master] = slots[slot] ?? [];
  return master === undefined ? undefined : connectionPool.getInstanceByKey(master);
}

/** The command that was called last among those that are pending on the node that has a slot: only there do commands have an order. */
export function lastPendingFor(cluster: ClusterInternals, slot: number): PendingCommand | null {
  const owner = ownerOf(cluster, slot);
  return lastPending(cluster) ?? (owner ? lastPending(internalsOf(owner)) : null);
}
