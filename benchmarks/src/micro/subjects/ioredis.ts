import { createRequire } from "node:module";
import type { Redis } from "ioredis";
import type { Subject } from "../subjects.ts";
import { type Commands, eachCall } from "./each-call.ts";

/** A client with ioredis's methods, one call for each command. */
export async function callByCall(client: Redis): Promise<Subject> {
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

/** The package ioredis-auto-pipeline, which has no types. */
export async function autoPipeline(client: Redis): Promise<Subject> {
  await client.ping();
  const wrap = createRequire(import.meta.url)("ioredis-auto-pipeline") as (client: Redis) => Commands;
  return eachCall(wrap(client));
}
