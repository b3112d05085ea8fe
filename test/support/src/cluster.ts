import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { eventually } from "./eventually.ts";
import { requireRedisServer, versionOf } from "./redis-server.ts";
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
  /** What each node is, for people: a program's name and version. */
  readonly description: string;
  /** Ends a node as `kill -9` does. */
  kill(port: number): Promise<void>;
  /** Starts a node that was killed again, as the same node. */
  restart(port: number): Promise<void>;
  /** Stops a node in its tracks: its connections stay open and nothing is answered, until it may go on. */
  stall(port: number): void;
  goOn(port: number): void;
  /** Starts a master more, without slots, and has it meet the others. Settles when all know it. */
  add(): Promise<ClusterNode>;
  /** Has the others forget a node, and ends it. */
  remove(port: number): Promise<void>;
  /** Settles when every node that runs finds the cluster whole, and clients are told of all of them. */
  untilWhole(): Promise<void>;
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
    const slots = Array.from({ length: masters + 1 }, (_, i) => Math.floor((i * SLOTS) / masters));
    await Promise.all(nodes.map((node) => writeFile(node.configFile, nodesConf(nodes, node, slots))));
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
  return {
    nodes,
    description: versionOf(requireRedisServer()),
    kill: (port) => nodeAt(port).kill(),
    restart: (port) => nodeAt(port).start(),
    stall: (port) => nodeAt(port).signal("SIGSTOP"),
    goOn: (port) => nodeAt(port).signal("SIGCONT"),
    add: async () => {
      const node = new NodeProcess(folder, await freePort(), await freePort(), "master");
      await writeFile(node.configFile, nodesConf([node], node, []));
      await node.start();
      const others = nodes.filter((each) => each.isRunning);
      nodes.push(node);
      await meet(others, node);
      return node;
    },
    remove: async (port) => {
      const node = nodeAt(port);
      nodes.splice(nodes.indexOf(node), 1);
      await forget(nodes, node);
      await node.end();
    },
    untilWhole: () => untilWhole(nodes),
    stop,
  };
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

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
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
      // Else a master that has given its last slot away becomes a replica.
      "cluster-allow-replica-migration": "no",
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

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child?.kill(signal);
  }

  async end(): Promise<void> {
    // A stopped process takes no SIGTERM.
    this.signal("SIGCONT");
    if (this.#child) await end(this.#child);
  }
}

/**
 * What every node would have in its `nodes.conf` once they had all met. Written before they start, since meeting takes
 * ten seconds of gossip.
 *
 * @param slots where the share of each master begins, and the end of the last one's
 */
function nodesConf(nodes: readonly NodeProcess[], myself: NodeProcess, slots: readonly number[]): string {
  const masters = nodes.filter(({ madeAs }) => madeAs === "master").length;
  const lines = nodes.map((node, i) => {
    const flags = [...(node === myself ? ["myself"] : []), node.madeAs === "master" ? "master" : "slave"].join(",");
    const masterAt = i % masters;
    const master = node.madeAs === "master" ? "-" : nodes[masterAt]?.id;
    const [from, to] = node.madeAs === "master" ? slots.slice(i, i + 2) : [];
    const share = from === undefined || to === undefined ? "" : ` ${from}-${to - 1}`;
    return `${node.id} ${HOST}:${node.port}@${node.busPort} ${flags} ${master} 0 0 ${masterAt + 1} connected${share}`;
  });
  return [...lines, `vars currentEpoch ${masters} lastVoteEpoch 0`, ""].join("\n");
}

/** Asks each of the nodes that run, over a connection that is closed then. */
async function askEach<T>(
  nodes: readonly NodeProcess[],
  ask: (clients: readonly Redis[], running: readonly NodeProcess[]) => Promise<T>,
): Promise<T> {
  const running = nodes.filter((node) => node.isRunning);
  const clients = running.map(({ port }) => new Redis({ host: HOST, port, protocol: 2, retryStrategy: () => 20 }));
  for (const client of clients) client.on("error", () => {});
  try {
    return await ask(clients, running);
  } finally {
    for (const client of clients) client.disconnect();
  }
}

/** Introduces a node to each of the others. To one would do, and take seconds of gossip. */
function meet(others: readonly NodeProcess[], node: NodeProcess): Promise<void> {
  return askEach([...others, node], async (clients, running) => {
    const meeting = clients.slice(0, -1);
    await Promise.all(
      meeting.map((client) => client.call("CLUSTER", "MEET", HOST, String(node.port), String(node.busPort))),
    );
    await eventually("every node knows the new one, and is known to it", async () => {
      const tables = await Promise.all(clients.map(async (client) => String(await client.call("CLUSTER", "NODES"))));
      return tables.every((table) => running.every(({ id }) => new RegExp(`^${id} .* connected`, "m").test(table)));
    });
    await eventually("the new node has been told of all slots", async () => {
      return String(await clients.at(-1)?.cluster("INFO")).includes("cluster_state:ok");
    });
  });
}

/** Has all nodes forget one, which they do not know again for a minute. */
function forget(others: readonly NodeProcess[], node: NodeProcess): Promise<void> {
  return askEach(others, async (clients) => {
    await Promise.all(clients.map((client) => client.call("CLUSTER", "FORGET", node.id)));
  });
}

/** Waits until every node finds the cluster whole, every replica follows, and clients are told of all nodes. */
function untilWhole(nodes: readonly NodeProcess[]): Promise<void> {
  return askEach(nodes, async (clients, running) => {
    const everybody = async (what: (client: Redis) => Promise<boolean>): Promise<boolean> =>
      (await Promise.all(clients.map(what))).every(Boolean);
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
        const ranges = (await client.call("CLUSTER", "SLOTS")) as [number, number, ...[string, number][]][];
        const told = new Set(ranges.flatMap(([, , ...addresses]) => addresses.map(([, port]) => port)));
        return running.every(({ port }) => told.has(port));
      }),
    );
  });
}
