import { tickpipe } from "@tickpipe/core";
import { HOST } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import { AUTO_PIPELINING, BASELINE, NODE_REDIS, OURS, PIPELINE } from "../subject-names.ts";
import { glide } from "./subjects/glide.ts";
import { autoPipeline, callByCall, pipelined } from "./subjects/ioredis.ts";
import { mget, rawSocket } from "./subjects/limits.ts";
import { nodeRedis } from "./subjects/node-redis.ts";
import type { Call, Workload } from "./workloads.ts";

/** A way to make many calls together. */
export interface Subject {
  /** Makes the calls at once, and resolves when all have their replies. */
  make(calls: readonly Call[]): Promise<unknown>;
  /** Whether it can do a workload at all; the limits read one key each, and nothing else. */
  can(workload: Workload): boolean;
}

/** The subjects by the names that the report shows. */
export const subjects: Readonly<Record<string, (port: number) => Promise<Subject>>> = {
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
