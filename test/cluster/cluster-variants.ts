import { Cluster, type ClusterNode, type ClusterOptions, type RedisOptions } from "ioredis";
import { Cluster as Cluster5 } from "ioredis5";
import { Cluster as Cluster54 } from "ioredis5.4";
import IoValkey from "iovalkey";

/** The Cluster clients that Tickpipe promises to wrap, each as a maker of one. */
export interface ClusterVariant {
  readonly name: string;
  make(nodes: readonly ClusterNode[], options?: ClusterOptions): Cluster;
}

function variant(name: string, Client: unknown, fixed: RedisOptions = {}): ClusterVariant {
  // The versions differ in their types; what the tests call is alike in all of them.
  const Class = Client as typeof Cluster;
  return {
    name,
    make: (nodes, options = {}) => {
      const redisOptions = { ...options.redisOptions, ...fixed };
      return new Class([...nodes], { ...options, redisOptions });
    },
  };
}

export const clusterVariants: readonly ClusterVariant[] = [
  variant("ioredis 6", Cluster),
  variant("ioredis 6 with RESP2", Cluster, { protocol: 2 }),
  variant("ioredis 6 with RESP3 replies", Cluster, { protocol: 3, replyMapping: "resp3" }),
  variant("ioredis 5", Cluster5),
  variant("ioredis 5.4", Cluster54),
  variant("iovalkey", IoValkey.Cluster),
];
