import { type ClientInternals, type CommandQueue, type IoredisClient, internalsOf } from "../client.ts";

/** A node of a cluster, as ioredis's pool keeps it: a `Redis` of one connection. */
export type NodeClient = IoredisClient;

/** What a redirect leads to; ioredis's `handleError` calls one of these, some after a delay. */
export interface RedirectHandlers {
  moved(slot: string | number, address: string): void;
  ask(slot: string | number, address: string): void;
  tryagain(): void;
  clusterDown(): void;
  connectionClosed(): void;
  /** iovalkey alone: the node still reads its data. */
  loading(): void;
  maxRedirections(error: Error): void;
  defaults(): void;
}

/** How many more redirects a call may follow; ioredis's `handleError` fills and lowers it. */
export interface RedirectsLeft {
  value?: number;
}

interface NodeAddress {
  readonly host: string;
  readonly port: number;
}

/** What ioredis's `Cluster` has besides a client's own, in every supported version. Its types hide most of it. */
export interface ClusterInternals extends ClientInternals {
  readonly options: {
    readonly keyPrefix?: unknown;
    readonly scaleReads?: unknown;
    readonly retryDelayOnFailover?: number;
    readonly enableOfflineQueue?: boolean;
  };
  /** By slot, the addresses of the nodes that have it, as keys of the pool; the master first. Empty until the slots are known. */
  readonly slots: readonly (readonly string[] | undefined)[];
  readonly connectionPool: {
    getInstanceByKey(key: string): NodeClient | undefined;
    getSampleInstance(role: "all" | "master"): NodeClient | undefined;
    /** What it returns differs among versions. */
    findOrCreate(address: NodeAddress): unknown;
  };
  /** Commands that wait to be sent again, as functions. */
  readonly delayQueue?: { readonly queues?: Readonly<Record<string, { readonly length: number } | null>> };
  readonly offlineQueue: CommandQueue;
  nodes(role: "all"): NodeClient[];
  natMapper(address: string): NodeAddress;
  handleError(error: Error, left: RedirectsLeft, handlers: RedirectHandlers): void;
  refreshSlotsCache(done?: (error?: Error) => void): void;
}

/** The client as a Cluster; `null` for a client of one server. */
export function clusterOf(client: IoredisClient): ClusterInternals | null {
  return client.isCluster ? (internalsOf(client) as ClusterInternals) : null;
}
