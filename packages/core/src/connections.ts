import { type ClientInternals, type CommandQueue, type IoredisClient, internalsOf } from "./client.ts";
import { type KeyedCommandClass, slotOfCall } from "./cluster/call-slot.ts";
import type { ClusterInternals } from "./cluster/cluster-client.ts";
import { ClusterNodes } from "./cluster/cluster-nodes.ts";
import { clusterRoutes } from "./lanes/cluster-routes.ts";
import type { ConnectionState } from "./lanes/connection-state.ts";
import { type MakeLaneRoutes, serverRoutes } from "./lanes/lane-route.ts";
import type { CommandParts } from "./lean/ioredis-command.ts";
import type { BatchCounters } from "./observe/batch-counters.ts";
import { ClusterPending, lastPendingFor } from "./queues/cluster-pending.ts";
import { type Pending, pendingOn } from "./queues/pending.ts";
import { lastPending } from "./queues/queues.ts";
import type { LastCalledWith } from "./reads/tick-reads.ts";
import { ClusterCork } from "./tick/cluster-cork.ts";
import { corkNodes } from "./tick/cluster-streams.ts";
import { type Cork, TickCork } from "./tick/cork.ts";
import { corkReplayedCommands } from "./tick/replay.ts";
import type { Scheduler } from "./tick/schedule.ts";

/** What a view has to do with its client's connections: with the one of a `Redis`, or with those of a `Cluster`. */
export interface Connections {
  readonly cork: Cork;
  readonly pending: Pending;
  readonly makeRoutes: MakeLaneRoutes;
  /** The order in which reads are answered that share a reply; `null` where the client does not say which node answers, so that none may be shared. */
  readonly lastCalledWith: LastCalledWith | null;
  readonly offlineQueues: () => Iterable<CommandQueue | undefined>;
}

/** What the cork is made with. */
export interface CorkSettings {
  readonly schedule: Scheduler;
  readonly maxBatchBytes: number;
  readonly counters: BatchCounters;
}

/** The connection of a client of one server. */
export function connectionOf(
  client: IoredisClient,
  internals: ClientInternals,
  state: ConnectionState,
  { schedule, maxBatchBytes, counters }: CorkSettings,
): Connections {
  const cork = new TickCork(internals, schedule, maxBatchBytes, counters);
  corkReplayedCommands(client, internals, cork);
  return {
    cork,
    pending: pendingOn(internals),
    makeRoutes: serverRoutes(client, internals, state),
    lastCalledWith: () => lastPending(internals),
    offlineQueues: () => [internals.offlineQueue],
  };
}

/** The connections of a Cluster to its nodes. */
export function clusterConnectionsOf(
  client: IoredisClient,
  cluster: ClusterInternals,
  parts: CommandParts | null,
  { schedule, maxBatchBytes, counters }: CorkSettings,
): Connections {
  const nodes = new ClusterNodes(client, cluster);
  const cork = new ClusterCork(cluster, schedule, maxBatchBytes, counters);
  corkNodes(nodes, cluster, cork);
  const Command = parts?.Command as unknown as KeyedCommandClass | undefined;
  const { keyPrefix, scaleReads } = cluster.options;
  return {
    cork,
    pending: new ClusterPending(cluster, nodes),
    makeRoutes: clusterRoutes(client, cluster, (command, args) =>
      Command === undefined ? null : slotOfCall(Command, keyPrefix, command, args),
    ),
    lastCalledWith: typeof scaleReads === "function" ? null : lastCalledOnMaster(cluster),
    offlineQueues: () => [cluster.offlineQueue, ...[...nodes].map((node) => internalsOf(node).offlineQueue)],
  };
}

// Of reads that go to replicas nobody knows to which, so that they have no order among calls.
function lastCalledOnMaster(cluster: ClusterInternals): LastCalledWith {
  if (cluster.options.scaleReads !== "master") return () => null;
  return (command) => {
    const slot = command.getSlot();
    return slot === null ? null : lastPendingFor(cluster, slot);
  };
}
