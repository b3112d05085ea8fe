import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { eventually } from "./eventually.ts";
import { requireRedisServer } from "./redis-server.ts";
import { end, freePort, HOST, kill, untilReady } from "./running-server.ts";

/** How many hash slots a cluster has. */
const SLOTS = 16_384;

/** After so long without an answer a node counts as failing: short, so that a failover takes little of a test's time. */
const NODE_TIMEOUT_MS = 2_000;

/** One server of a cluster. */
export interface ClusterNode {
  readonly host: string;
  readonly port: number;
  /** Of the process that runs now. */
  readonly pid: number;
  /** The node's id, by which other nodes and CLUSTER commands know it; the same after a restart. */
  readonly id: string;
  /** What it was made as; a failover changes roles. */
  readonly madeAs: "master" | "replica";
}

/** A cluster that was started here and is to be stopped here. */
export interface RunningCluster {
  /** The masters first, each with its share of the slots in order, then the replicas, the first of each master first. */
  readonly nodes: readonly ClusterNode[];
  /** Ends a node as `kill -9` does. */
  kill(port: number): Promise<void>;
  /** Starts a node that was killed again, as the same node. */
  restart(port: number): Promise<void>;
  stop(): Promise<void>;
}

export interface ClusterSize {
  readonly masters?: number;
  readonly replicasPerMaster?: number;
}

/** Starts a Redis Cluster, each node a process of its own on a free port, and waits until every node finds it whole. */
export async function startCluster({ masters = 3, replicasPerMaster = 1 }: ClusterSize = {}): Promise<RunningCluster> {
  const folder = await mkdtemp(join(tmpdir(), "tickpipe-cluster-"));
  const nodes: NodeProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.end()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const count = masters * (1 + replicasPerMaster);
    for (let i = 0; i < count; i++) {
      const [port, busPort] = [await freePort(), await freePort()];
      nodes.push(new NodeProcess(folder, port, busPort, i < masters ? "master" : "replica"));
    }
    await Promise.all(nodes.map((node) => writeFile(node.configFile, nodesConf(nodes, node, masters))));
    await Promise.all(nodes.map((node) => node.start()));
    await untilWhole(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  const nodeAt = (port: number): NodeProcess => {
    const node = nodes.find((each) => each.port === port);
    if (!node) throw new Error(`No node of this cluster has the port ${port}.`);
    return node;
  };
  return { nodes, kill: (port) => nodeAt(port).kill(), restart: (port) => nodeAt(port).start(), stop };
}

class NodeProcess implements ClusterNode {
  readonly host: string = HOST;
  readonly port: number;
  readonly busPort: number;
  readonly madeAs: "master" | "replica";
  readonly id: string = randomBytes(20).toString("hex");
  readonly #folder: string;
  #child: ChildProcess | null = null;

  constructor(folder: string, port: number, busPort: number, madeAs: "master" | "replica") {
    this.#folder = folder;
    this.port = port;
    this.busPort = busPort;
    this.madeAs = madeAs;
  }

  get configFile(): string {
    return join(this.#folder, `nodes-${this.port}.conf`);
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  async start(): Promise<void> {
    const program = requireRedisServer();
    const settings = {
      port: this.port,
      "cluster-port": this.busPort,
      bind: HOST,
      dir: this.#folder,
      "cluster-enabled": "yes",
      "cluster-config-file": this.configFile,
      "cluster-node-timeout": NODE_TIMEOUT_MS,
      // A replica is not told of to clients before its master has sent it something, which a quiet one does by this.
      "repl-ping-replica-period": 1,
      "repl-diskless-sync": "yes",
      "repl-diskless-sync-delay": 0,
      save: "",
      appendonly: "no",
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#child = spawn(program, args, { stdio: "ignore" });
    await untilReady(this.port, this.#child, program);
  }

  async kill(): Promise<void> {
    if (this.#child) await kill(this.#child);
  }

  async end(): Promise<void> {
    if (this.#child) await end(this.#child);
  }
}

/**
 * What every node would have in its `nodes.conf` once they had all met. Written before they start, since meeting takes
 * ten seconds of gossip.
 */
function nodesConf(nodes: readonly NodeProcess[], myself: NodeProcess, masters: number): string {
  const lines = nodes.map((node, i) => {
    const flags = [...(node === myself ? ["myself"] : []), node.madeAs === "master" ? "master" : "slave"].join(",");
    const masterAt = i % masters;
    const master = node.madeAs === "master" ? "-" : nodes[masterAt]?.id;
    const from = Math.floor((i * SLOTS) / masters);
    const to = Math.floor(((i + 1) * SLOTS) / masters) - 1;
    const slots = node.madeAs === "master" ? ` ${from}-${to}` : "";
    return `${node.id} ${HOST}:${node.port}@${node.busPort} ${flags} ${master} 0 0 ${masterAt + 1} connected${slots}`;
  });
  return [...lines, `vars currentEpoch ${masters} lastVoteEpoch 0`, ""].join("\n");
}

/** Waits until every node finds the cluster whole, every replica follows, and clients are told of all nodes. */
async function untilWhole(nodes: readonly NodeProcess[]): Promise<void> {
  const clients = nodes.map(({ port }) => new Redis({ host: HOST, port, protocol: 2 }));
  const everybody = async (what: (client: Redis) => Promise<boolean>): Promise<boolean> =>
    (await Promise.all(clients.map(what))).every(Boolean);
  try {
    await eventually("every node finds the cluster whole", () =>
      everybody(async (client) => String(await client.cluster("INFO")).includes("cluster_state:ok")),
    );
    await eventually("every replica follows its master", () =>
      everybody(async (client) => {
        const [role, , , state] = (await client.call("ROLE")) as unknown[];
        return role === "master" || state === "connected";
      }),
    );
    await eventually("every node tells clients of all nodes", () =>
      everybody(async (client) => {
        const ranges = (await client.call("CLUSTER", "SLOTS")) as unknown[][];
        return ranges.flat().filter(Array.isArray).length === nodes.length;
      }),
    );
  } finally {
    for (const client of clients) client.disconnect();
  }
}
