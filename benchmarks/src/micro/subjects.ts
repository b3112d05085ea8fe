import { tickpipe } from "@tickpipe/core";
import { HOST } from "@tickpipe/test-support";
import { Cluster, Redis } from "ioredis";
import { AUTO_PIPELINING, BASELINE, NODE_REDIS, OURS, PIPELINE } from "../subject-names.ts";
import { glide, glideCluster } from "./subjects/glide.ts";
import { autoPipeline, callByCall, pipelined, pipelinedByNode } from "./subjects/ioredis.ts";
import { mget, rawSocket } from "./subjects/limits.ts";
import { nodeRedis, nodeRedisCluster } from "./subjects/node-redis.ts";
import type { Call, Workload } from "./workloads.ts";

/** A way to make many calls together. */
export interface Subject {
  /** Makes the calls at once, and resolves when all have their replies. */
  make(calls: readonly Call[]): Promise<unknown>;
  /** Whether it can do a workload at all; the limits read one key each, and nothing else. */
  can(workload: Workload): boolean;
}

/** Makes a subject on the server at a port of this machine; of a cluster's nodes, any one. */
type MakeSubject = (port: number) => Promise<Subject>;

/** What the subjects call: one server, or a cluster. */
export type Target = "server" | "cluster";

/** The subjects by the names that the report shows. */
export const subjects: Readonly<Record<string, MakeSubject>> = {
  [BASELINE]: (port) => callByCall(new Redis(port, HOST)),
  [AUTO_PIPELINING]: (port) => callByCall(new Redis(port, HOST, { enableAutoPipelining: true })),
  [PIPELINE]: (port) => pipelined(new Redis(port, HOST)),
  "ioredis-auto-pipeline": (port) => autoPipeline(new Redis(port, HOST)),
  [NODE_REDIS]: nodeRedis,
  "valkey-glide": glide,
  [OURS]: (port) => callByCall(tickpipe(new Redis(port, HOST))),
  "limit: one mget": (port) => mget(new Redis(port, HOST)),
  "limit: raw socket": rawSocket,
};

/** Those that have a cluster mode, in it. ioredis-auto-pipeline gathers keys of all slots in one pipeline, which a cluster refuses. */
const onCluster: Readonly<Record<string, MakeSubject>> = {
  [BASELINE]: (port) => callByCall(new Cluster([{ host: HOST, port }])),
  [AUTO_PIPELINING]: (port) => callByCall(new Cluster([{ host: HOST, port }], { enableAutoPipelining: true })),
  [PIPELINE]: (port) => pipelinedByNode(new Cluster([{ host: HOST, port }])),
  [NODE_REDIS]: nodeRedisCluster,
  "valkey-glide": glideCluster,
  [OURS]: (port) => callByCall(tickpipe(new Cluster([{ host: HOST, port }]))),
};

export function subjectsOn(target: Target): Readonly<Record<string, MakeSubject>> {
  return target === "cluster" ? onCluster : subjects;
}
