import { createRequire } from "node:module";
import { slotOf, slotOwners } from "@tickpipe/test-support";
import type { Cluster, Redis } from "ioredis";
import type { Subject } from "../subjects.ts";
import { type Commands, eachCall } from "./each-call.ts";

/** A client with ioredis's methods, one call for each command. */
export async function callByCall(client: Redis | Cluster): Promise<Subject> {
  await client.ping();
  return eachCall(client);
}

/** One `pipeline()` for all calls, as it is written by hand. */
export async function pipelined(client: Redis): Promise<Subject> {
  await client.ping();
  return {
    can: () => true,
    make: (calls) => {
      const pipeline = client.pipeline();
      for (const { command, key, value } of calls) {
        if (command === "set") pipeline.set(key, value);
        else pipeline[command](key);
      }
      return pipeline.exec();
    },
  };
}

/** One `pipeline()` for the calls of each node: one for all would need their slots to be held by the same node. */
export async function pipelinedByNode(client: Cluster): Promise<Subject> {
  await client.ping();
  // By hand, as an app would that knows its cluster to stay as it is.
  const { masterOf } = await slotOwners(client.nodes("master")[0]?.options.port ?? 0);
  const nodes = Array.from({ length: 16_384 }, (_, slot) => masterOf(slot));
  return {
    can: () => true,
    make: (calls) => {
      const pipelines = new Map<number, ReturnType<Cluster["pipeline"]>>();
      for (const { command, key, value } of calls) {
        const node = nodes[slotOf(key)] ?? 0;
        let pipeline = pipelines.get(node);
        if (!pipeline) {
          pipeline = client.pipeline();
          pipelines.set(node, pipeline);
        }
        if (command === "set") pipeline.set(key, value);
        else pipeline[command](key);
      }
      return Promise.all([...pipelines.values()].map((pipeline) => pipeline.exec()));
    },
  };
}

/** The package ioredis-auto-pipeline, which has no types. */
export async function autoPipeline(client: Redis): Promise<Subject> {
  await client.ping();
  const wrap = createRequire(import.meta.url)("ioredis-auto-pipeline") as (client: Redis) => Commands;
  return eachCall(wrap(client));
}
