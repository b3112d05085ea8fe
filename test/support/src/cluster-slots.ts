import { createRequire } from "node:module";
import { Redis } from "ioredis";
import type { ClusterNode, RunningCluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";
import { HOST } from "./running-server.ts";

/** The hash slot of a key, as ioredis finds it, by a package that has no types. */
export const slotOf: (key: string) => number = createRequire(import.meta.url)("cluster-key-slot");

/** Who holds which slots, as one node tells it. */
export interface SlotOwners {
  /**
   * The port of a slot's master; of a key's.
   *
   * @throws {Error} if the node knows of none
   */
  masterOf(slotOrKey: number | string): number;
  /** The same, and undefined for a moment where the node has heard of the old master's end and not of the new one. */
  findMasterOf(slotOrKey: number | string): number | undefined;
  /** The ports of the replicas of a master. */
  replicasOf(master: number): readonly number[];
  /** The ports of those that have slots. */
  readonly masters: readonly number[];
}

/** Asks a node who holds which slots. */
export async function slotOwners(at: number): Promise<SlotOwners> {
  const client = connectTo(at);
  try {
    const ranges = (await client.call("CLUSTER", "SLOTS")) as [number, number, ...[string, number][]][];
    const master = ([, , first]: (typeof ranges)[number]): number => first?.[1] ?? -1;
    const findMasterOf = (of: number | string): number | undefined => {
      const slot = typeof of === "string" ? slotOf(of) : of;
      const range = ranges.find(([from, to]) => from <= slot && slot <= to);
      return range && master(range);
    };
    return {
      findMasterOf,
      masterOf: (of) => {
        const port = findMasterOf(of);
        if (port === undefined) throw new Error("Expected the slot to be held by a node.");
        return port;
      },
      replicasOf: (port) => [
        ...new Set(ranges.flatMap((range) => (master(range) === port ? range.slice(3).map(portOf) : []))),
      ],
      masters: [...new Set(ranges.map(master))],
    };
  } finally {
    client.disconnect();
  }
}

function portOf(address: unknown): number {
  return (address as [string, number])[1];
}

export interface SlotMove {
  readonly from: ClusterNode;
  readonly to: ClusterNode;
  readonly slots: readonly number[];
  /** How many slots are on their way at a time. Default 1. */
  readonly atOnce?: number;
  /** Is told which slots are about to be on their way. */
  readonly onBegin?: (slots: readonly number[]) => void | Promise<void>;
  /** Is told of each slot that has half of its keys on either side. */
  readonly onHalf?: () => void | Promise<void>;
}

/**
 * Moves slots from one master to another as resharding tools do, though slowly: the slots are marked as migrating, their
 * keys are moved one by one and of all slots in turn, and then all masters are told.
 *
 * @returns how many keys were moved
 */
export async function moveSlots(
  cluster: RunningCluster,
  { from, to, slots, atOnce = 1, onBegin, onHalf }: SlotMove,
): Promise<number> {
  const { masters } = await slotOwners(from.port);
  const clients = new Map([...new Set([from.port, to.port, ...masters])].map((port) => [port, connectTo(port)]));
  const [source, target] = [clients.get(from.port), clients.get(to.port)] as [Redis, Redis];
  let moved = 0;
  try {
    for (let i = 0; i < slots.length; i += atOnce) {
      const batch = slots.slice(i, i + atOnce);
      await onBegin?.(batch);
      for (const slot of batch) {
        await setSlot(target, slot, "IMPORTING", from.id);
        await setSlot(source, slot, "MIGRATING", to.id);
      }
      moved += await moveKeys(source, to.port, batch, onHalf);
      for (const slot of batch) {
        // The new owner first: until it knows, nobody would serve the slot.
        await setSlot(target, slot, "NODE", to.id);
        await Promise.all([...clients.values()].map((client) => setSlot(client, slot, "NODE", to.id)));
      }
    }
  } finally {
    for (const client of clients.values()) client.disconnect();
  }
  await eventually("every node tells clients of the slots' new master", async () => {
    const told = await Promise.all(cluster.nodes.map(({ port }) => slotOwners(port)));
    return told.every(({ findMasterOf }) => slots.every((slot) => findMasterOf(slot) === to.port));
  });
  return moved;
}

/** Moves the keys of some slots, one of each in turn. */
async function moveKeys(
  source: Redis,
  to: number,
  slots: readonly number[],
  onHalf: SlotMove["onHalf"],
): Promise<number> {
  const left = new Map<number, string[]>();
  for (const slot of slots) left.set(slot, (await source.call("CLUSTER", "GETKEYSINSLOT", slot, 1000)) as string[]);
  const counts = [...left.values()].map((keys) => keys.length);
  const halves = Math.max(...counts) / 2;
  let moved = 0;
  for (let round = 0; left.size > 0; round++) {
    for (const [slot, keys] of left) {
      const key = keys.pop();
      if (key === undefined) left.delete(slot);
      else if ((await source.call("MIGRATE", HOST, to, key, 0, 5000)) === "OK") moved += 1;
    }
    if (round <= halves && halves < round + 1) await onHalf?.();
  }
  return moved;
}

function setSlot(client: Redis, slot: number, state: "IMPORTING" | "MIGRATING" | "NODE", id: string): Promise<unknown> {
  return client.call("CLUSTER", "SETSLOT", slot, state, id);
}

/** A replica gives a manual failover up after five seconds, which a busy machine may take to agree: `CLUSTER_MF_TIMEOUT` of Redis. */
const FAILOVER_GIVEN_UP_AFTER_MS = 5_500;

/** `CLUSTER FAILOVER`, again if the replica gives it up. Settles when all nodes tell clients that the replica is the master. */
export async function failOverTo(cluster: RunningCluster, replica: number, slot: number): Promise<void> {
  const client = connectTo(replica);
  let askedAt = Number.NEGATIVE_INFINITY;
  try {
    await eventually("the replica is a master", async () => {
      const [role] = (await client.call("ROLE")) as string[];
      if (role === "master") return true;
      if (performance.now() - askedAt > FAILOVER_GIVEN_UP_AFTER_MS) {
        askedAt = performance.now();
        await client.call("CLUSTER", "FAILOVER");
      }
      return false;
    });
  } finally {
    client.disconnect();
  }
  await untilMaster(cluster, slot, (port) => port === replica);
}

/** Waits until all nodes that answer name a master of this slot that is asked for. */
export async function untilMaster(
  cluster: RunningCluster,
  slot: number,
  isWanted: (port: number) => boolean,
  among: readonly number[] = cluster.nodes.map(({ port }) => port),
): Promise<void> {
  await eventually("all nodes name the new master of a slot", async () => {
    const told = await Promise.all(among.map((port) => slotOwners(port)));
    return told.every(({ findMasterOf }) => {
      const master = findMasterOf(slot);
      return master !== undefined && isWanted(master);
    });
  });
}

function connectTo(port: number): Redis {
  // RESP2, and one that waits: a node may be on its way back.
  const client = new Redis({ host: HOST, port, protocol: 2, retryStrategy: () => 20 });
  return client.on("error", () => {});
}
