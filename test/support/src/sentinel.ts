import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { eventually } from "./eventually.ts";
import { requireRedisServer, startRedisServer } from "./redis-server.ts";
import { end, freePort, HOST, kill, type RunningServer, untilReady } from "./running-server.ts";

/** A master with its replicas, and the sentinels that watch over them: all of them real processes. */
export interface SentinelSet {
  /** The master's name, as `new Redis({ name })` wants it. */
  readonly name: string;
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  /** The port of the master, as the sentinels tell it. */
  masterPort(): Promise<number>;
  /** `SENTINEL FAILOVER`. Settles when all sentinels name another master, and the old one is its replica. */
  failover(): Promise<void>;
  /** `kill -9` of the master. Settles when all sentinels name another. */
  killMaster(): Promise<void>;
  /** Starts again what was killed. Settles when each server that is no master is a replica in sync. */
  restore(): Promise<void>;
  stop(): Promise<void>;
}

export interface SentinelSetOptions {
  /** Default 2. */
  readonly replicas?: number;
}

const NAME = "master-of-the-tests";

/**
 * For how long a master may be silent before a sentinel takes it for dead, in milliseconds. One is quicker than the others
 * and enough to begin a failover, for which these still vote: of sentinels that begin together none may get the majority,
 * and the next try is seconds away.
 */
const DOWN_AFTER_MS = [800, 3000, 3000];
const QUORUM = 1;

/**
 * Sentinels look about every few seconds, as they should in production: in milliseconds, by the names of `SENTINEL DEBUG`.
 * During a failover one asks a replica for INFO once a second whatever the period, so that shorter ones do harm: with what
 * it knows being older than 5 ping periods it finds no replica to promote, and another sentinel that has not been told of
 * the failover after 4 publish periods makes the new master a replica again.
 */
const HURRY = { "INFO-PERIOD": 100, "PING-PERIOD": 400, "PUBLISH-PERIOD": 500, "ASK-PERIOD": 100 };

/** A failover that was asked for takes about a second. */
const ASK_AGAIN_AFTER_MS = 6_000;

/** Starts one master, its replicas and three sentinels on free ports. */
export async function startSentinelSet({ replicas = 2 }: SentinelSetOptions = {}): Promise<SentinelSet> {
  const folder = await mkdtemp(join(tmpdir(), "tickpipe-sentinel-"));
  const set = new RunningSet(folder);
  try {
    await set.start(replicas);
    return set;
  } catch (error) {
    await set.stop();
    throw error;
  }
}

class RunningSet implements SentinelSet {
  readonly name = NAME;
  sentinels: { readonly host: string; readonly port: number }[] = [];
  readonly #folder: string;
  readonly #servers = new Map<number, RunningServer>();
  readonly #watchers: RunningServer[] = [];
  readonly #clients = new Map<number, Redis>();
  readonly #killed: number[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  async start(replicas: number): Promise<void> {
    const master = await this.#startServer();
    await Promise.all(Array.from({ length: replicas }, () => this.#startServer(master)));
    await this.#untilInSync(master);
    const watchers = await Promise.all(
      DOWN_AFTER_MS.map((downAfter) => startSentinel(this.#folder, master, downAfter)),
    );
    this.#watchers.push(...watchers);
    this.sentinels = watchers.map(({ host, port }) => ({ host, port }));
    await this.#untilWatched(replicas);
  }

  async masterPort(): Promise<number> {
    const ports = await this.#masterPorts();
    const [port] = ports;
    if (port === undefined || ports.some((other) => other !== port)) {
      throw new Error("Expected the sentinels to agree on a master; a failover is under way.");
    }
    return port;
  }

  async failover(): Promise<void> {
    const old = await this.masterPort();
    const [first] = this.sentinels;
    const ask = () => this.#clientOf(first?.port ?? 0).call("SENTINEL", "FAILOVER", NAME);
    await ask();
    // On a busy machine a sentinel may give it up, since it has not heard of its replicas for a while. While one is under way it refuses another.
    const again = setInterval(() => ask().catch(() => {}), ASK_AGAIN_AFTER_MS);
    try {
      await this.#untilReplaced(old);
    } finally {
      clearInterval(again);
    }
    await this.#untilInSync(await this.masterPort());
  }

  async killMaster(): Promise<void> {
    const old = await this.masterPort();
    const killed = this.#servers.get(old)?.kill();
    this.#servers.delete(old);
    this.#clients.get(old)?.disconnect();
    this.#clients.delete(old);
    await killed;
    this.#killed.push(old);
    await this.#untilReplaced(old);
  }

  async restore(): Promise<void> {
    const master = await this.masterPort();
    for (const port of this.#killed.splice(0)) await this.#startServer(master, port);
    await this.#untilInSync(master);
    await this.#untilWatched(this.#servers.size - 1);
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.values()) client.disconnect();
    // The sentinels first, so that they see no server leave.
    await Promise.all(this.#watchers.map((watcher) => watcher.stop()));
    await Promise.all([...this.#servers.values()].map((server) => server.stop()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #startServer(masterPort?: number, at?: number): Promise<number> {
    const replica = masterPort === undefined ? [] : ["--replicaof", HOST, String(masterPort)];
    const server = await startRedisServer(
      [
        "--repl-diskless-sync-delay",
        "0",
        "--dir",
        this.#folder,
        "--dbfilename",
        `${at ?? "at"}-${Date.now()}.rdb`,
        ...replica,
      ],
      at,
    );
    this.#servers.set(server.port, server);
    return server.port;
  }

  #clientOf(port: number): Redis {
    let client = this.#clients.get(port);
    if (!client) {
      client = new Redis({ host: HOST, port, retryStrategy: () => 20 });
      client.on("error", () => {});
      this.#clients.set(port, client);
    }
    return client;
  }

  async #untilInSync(master: number): Promise<void> {
    await eventually("every other server is a replica of the master, in sync", async () => {
      const others = [...this.#servers.keys()].filter((port) => port !== master);
      const states = await Promise.all(others.map((port) => this.#clientOf(port).info("replication")));
      return states.every((text) => text.includes(`master_port:${master}\r`) && text.includes("master_link_status:up"));
    });
  }

  async #untilWatched(replicas: number): Promise<void> {
    await eventually("each sentinel knows the master, its replicas and the other sentinels", async () => {
      const states = await Promise.all(this.sentinels.map(({ port }) => this.#stateAt(port)));
      return states.every(
        (state) =>
          state.get("flags") === "master" &&
          state.get("num-slaves") === String(replicas) &&
          state.get("num-other-sentinels") === String(DOWN_AFTER_MS.length - 1),
      );
    });
  }

  async #untilReplaced(old: number): Promise<void> {
    await eventually("all sentinels name another master, which takes writes", async () => {
      const ports = await this.#masterPorts();
      const [port] = ports;
      if (port === undefined || ports.some((other) => other !== port || other === old)) return false;
      return (await this.#clientOf(port).info("replication")).includes("role:master");
    });
  }

  async #masterPorts(): Promise<number[]> {
    const states = await Promise.all(this.sentinels.map(({ port }) => this.#stateAt(port)));
    return states.map((state) => Number(state.get("port")));
  }

  async #stateAt(sentinel: number): Promise<Map<string, string>> {
    const reply = (await this.#clientOf(sentinel).call("SENTINEL", "MASTER", NAME)) as
      | string[]
      | Record<string, string>;
    if (!Array.isArray(reply)) return new Map(Object.entries(reply));
    return new Map(reply.flatMap((name, i) => (i % 2 === 0 ? [[name, reply[i + 1] ?? ""] as const] : [])));
  }
}

async function startSentinel(folder: string, masterPort: number, downAfterMs: number): Promise<RunningServer> {
  const program = requireRedisServer();
  const port = await freePort();
  const file = join(folder, `sentinel-${port}.conf`);
  const lines = [
    `port ${port}`,
    `bind ${HOST}`,
    `dir ${folder}`,
    `sentinel monitor ${NAME} ${HOST} ${masterPort} ${QUORUM}`,
    `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
    `sentinel failover-timeout ${NAME} 4000`,
    `sentinel parallel-syncs ${NAME} 9`,
  ];
  // A sentinel writes what it learns into its own configuration.
  await writeFile(file, `${lines.join("\n")}\n`);
  const child = spawn(program, [file, "--sentinel"], { stdio: "ignore" });
  await untilReady(port, child, `${program} --sentinel`);
  const client = new Redis({ host: HOST, port });
  await client.call("SENTINEL", "DEBUG", ...Object.entries(HURRY).flat().map(String));
  client.disconnect();
  return { host: HOST, port, description: "sentinel", stop: () => end(child), kill: () => kill(child) };
}
