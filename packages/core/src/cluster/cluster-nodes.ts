import type { IoredisClient } from "../client.ts";
import { eventsOf } from "../client-events.ts";
import type { ClusterInternals, NodeClient } from "./cluster-client.ts";

/** The nodes of a cluster, from its own events: its `nodes()` makes a list for each call, of a hundred nodes for each command. */
export class ClusterNodes implements Iterable<NodeClient> {
  readonly #nodes = new Set<NodeClient>();
  readonly #listeners: ((node: NodeClient) => void)[] = [];

  constructor(client: IoredisClient, cluster: ClusterInternals) {
    for (const node of cluster.nodes("all")) this.#add(node);
    eventsOf(client).on("+node", (node) => this.#add(node as NodeClient));
    eventsOf(client).on("-node", (node) => this.#remove(node as NodeClient));
  }

  [Symbol.iterator](): Iterator<NodeClient> {
    return this.#nodes.values();
  }

  /** Has `listener` told of each node: of those that are there, and of each that comes. */
  each(listener: (node: NodeClient) => void): void {
    this.#listeners.push(listener);
    for (const node of this.#nodes) listener(node);
  }

  #add(node: NodeClient): void {
    if (this.#nodes.has(node)) return;
    this.#nodes.add(node);
    // A node that leaves and comes back at once is another client, and ioredis tells nothing of the first one's end.
    eventsOf(node).on("end", () => this.#remove(node));
    for (const listener of this.#listeners) listener(node);
  }

  #remove(node: NodeClient): void {
    this.#nodes.delete(node);
  }
}
