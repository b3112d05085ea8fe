import { type ClientInternals, internalsOf } from "../client.ts";
import { eventsOf } from "../client-events.ts";
import type { ClusterNodes } from "../cluster/cluster-nodes.ts";
import type { ClusterCork } from "./cluster-cork.ts";
import { followWrites } from "./node-streams.ts";
import { corkReplayedCommands } from "./replay.ts";

/** Has a cluster's cork told of the streams of its nodes: those of now, and each that a node has later. */
export function corkNodes(nodes: ClusterNodes, cluster: ClientInternals, cork: ClusterCork): void {
  nodes.each((node) => {
    const internals = internalsOf(node);
    followWrites(internals, cork);
    eventsOf(node).on("connect", () => followWrites(internals, cork));
    // The cluster sends its own offline queue when it is ready, which may be in a reply of a node that has long been.
    corkReplayedCommands(node, internals, cork, () => internals.status === "ready" && cluster.status === "ready");
  });
}
