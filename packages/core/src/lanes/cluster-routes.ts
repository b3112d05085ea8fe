import type { Caller } from "../call/caller.ts";
import { type IoredisClient, internalsOf } from "../client.ts";
import { eventsOf } from "../client-events.ts";
import type { ClusterInternals, NodeClient, RedirectsLeft } from "../cluster/cluster-client.ts";
import { sharedSlot } from "../cluster/key-slots.ts";
import { TickpipeError } from "../errors.ts";
import { lastPendingFor, ownerOf } from "../queues/cluster-pending.ts";
import { whenSettled } from "../queues/when-settled.ts";
import { delay } from "../timers.ts";
import { LANE_NAME, LANE_OPTIONS, type Lane, LanePool, type LaneSource } from "./lane-pool.ts";
import type { LaneRoute, MakeLaneRoutes } from "./lane-route.ts";
import { untilReachable } from "./reachable.ts";

/** Finds the slot of a call's first key; `null` for a call without a key, or one that is not understood. */
export type SlotOfCall = (command: string, args: readonly unknown[]) => number | null;

/**
 * Routes to dedicated connections to the nodes of a cluster: each a connection to one node, and not a Cluster of its own, which would
 * have one to every node that it is asked for.
 */
export function clusterRoutes(
  client: IoredisClient,
  cluster: ClusterInternals,
  slotOfCall: SlotOfCall,
): MakeLaneRoutes {
  return (max, override) => {
    const { keyPrefix } = cluster.options;
    const source: LaneSource<NodeClient> = {
      // As the pool's own connections: where one is lost, the call is made anew where the slot is by then.
      make: (node) =>
        node.duplicate({
          ...{ ...LANE_OPTIONS, keyPrefix, readOnly: false, retryStrategy: null, ...override },
          connectionName: LANE_NAME + (internalsOf(client).options?.redisOptions?.connectionName ?? ""),
        } as never),
      isLike: (node, wanted) => addressOf(node) === addressOf(wanted),
      generation: (node) => internalsOf(node).connectionEpoch,
    };
    const pool = new LanePool(client, max, source as LaneSource<unknown>, false);
    eventsOf(client).on("-node", (node) => pool.dropIdle(node));
    return {
      pool,
      ofCall: (command, args) => {
        const slot = slotOfCall(command, args);
        return slot === null ? null : new ClusterRoute(client, cluster, pool, slot);
      },
      ofKeys: (keys) => {
        const slot = sharedSlot(keys, keyPrefix);
        if (slot !== null) return new ClusterRoute(client, cluster, pool, slot);
        throw new TickpipeError(
          "ERR_TICKPIPE_CROSS_SLOT",
          "Expected all keys to watch to be in one hash slot, since a transaction runs on one node. Give them a hash tag in common, as in user:{7}:cart and user:{7}:orders.",
        );
      },
    };
  };
}

class ClusterRoute implements LaneRoute {
  readonly #client: IoredisClient;
  readonly #cluster: ClusterInternals;
  readonly #pool: LanePool;
  readonly #slot: number;
  readonly #left: RedirectsLeft = {};
  /** Where a redirect led to; `null` for the node that has the slot, as far as the client knows. */
  #redirected: { readonly node: NodeClient; readonly isAsked: boolean } | null = null;

  constructor(client: IoredisClient, cluster: ClusterInternals, pool: LanePool, slot: number) {
    this.#client = client;
    this.#cluster = cluster;
    this.#pool = pool;
    this.#slot = slot;
  }

  /** Only what goes to the same node comes in order, as natively. */
  async untilClear(): Promise<void> {
    await untilReachable(this.#client, this.#cluster);
    const before = lastPendingFor(this.#cluster, this.#slot);
    if (before !== null) await new Promise<void>((resolve) => whenSettled(before, () => resolve()));
  }

  async take(caller: Caller | null = null): Promise<Lane | null> {
    const node = this.#redirected?.node ?? (await this.#owner());
    if (node === null || this.#cluster.status === "end") return null;
    const lane = this.#pool.take(node) ?? (await this.#pool.wait(node, caller));
    if (this.#redirected?.isAsked) lane?.internals.asking?.call(lane.client).catch(() => {});
    return lane;
  }

  /** As ioredis's Cluster follows a command's errors, by its own rules: which of them, how often, and after what delay. */
  follow(error: unknown): Promise<void> {
    if (!(error instanceof Error)) return Promise.reject(error);
    this.#redirected = null;
    const redirect = (address: string, isAsked: boolean): void => {
      const { connectionPool } = this.#cluster;
      const mapped = this.#cluster.natMapper(address);
      connectionPool.findOrCreate(mapped);
      const node = connectionPool.getInstanceByKey(`${mapped.host}:${mapped.port}`);
      if (node !== undefined) this.#redirected = { node, isAsked };
    };
    return new Promise((again, fail) => {
      this.#cluster.handleError(error, this.#left, {
        moved: (_slot, address) => {
          redirect(address, false);
          this.#cluster.refreshSlotsCache();
          again();
        },
        ask: (_slot, address) => {
          redirect(address, true);
          again();
        },
        tryagain: again,
        clusterDown: again,
        connectionClosed: again,
        loading: again,
        maxRedirections: fail,
        defaults: () => fail(error),
      });
    });
  }

  isTurnedAway(error: unknown): boolean {
    const slot = slotOfRedirect(error);
    if (slot === undefined) return false;
    if (slot === null || slot === this.#slot) return true;
    throw new TickpipeError(
      "ERR_TICKPIPE_CROSS_SLOT",
      "Nothing was executed: a key was used in a transaction that is not in the slot of the watched keys. tx speaks to the node that has those. Read other keys with the shared client, and give the keys to write a hash tag in common.",
      { cause: error },
    );
  }

  async findAgain(): Promise<void> {
    const { retryDelayOnFailover = 0 } = this.#cluster.options;
    await delay(retryDelayOnFailover);
    // Without a node that answers, the next try says so.
    await new Promise<void>((resolve) => this.#cluster.refreshSlotsCache(() => resolve()));
  }

  async #owner(): Promise<NodeClient | null> {
    await untilReachable(this.#client, this.#cluster);
    const { connectionPool } = this.#cluster;
    // As a Cluster does it: any node knows who has the slot.
    return (
      ownerOf(this.#cluster, this.#slot) ??
      connectionPool.getSampleInstance("master") ??
      connectionPool.getSampleInstance("all") ??
      null
    );
  }
}

/**
 * The slot that a node has turned a call away for: `null` where it does not say which, `undefined` for any other error. EXEC is refused for what a
 * command before it was turned away for.
 */
function slotOfRedirect(error: unknown): number | null | undefined {
  if (!(error instanceof Error)) return undefined;
  const [word, slot] = error.message.split(" ");
  if (word === "MOVED" || word === "ASK") return Number(slot);
  if (word === "TRYAGAIN" || word === "CLUSTERDOWN") return null;
  const { previousErrors } = error as { previousErrors?: unknown };
  if (word !== "EXECABORT" || !Array.isArray(previousErrors)) return undefined;
  return previousErrors.map(slotOfRedirect).find((found) => found !== undefined);
}

function addressOf(node: NodeClient): string {
  const { host, port } = internalsOf(node).options ?? {};
  return `${host}:${port}`;
}
