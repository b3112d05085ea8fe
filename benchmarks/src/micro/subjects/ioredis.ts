import { createRequire } from "node:module";
import type { Redis } from "ioredis";
import type { Subject } from "../subjects.ts";
import type { Call } from "../workloads.ts";

type Commands = Pick<Redis, "get" | "set" | "hgetall" | "incr">;

/** A client with ioredis's methods, one call for each command. */
export async function callByCall(client: Redis): Promise<Subject> {
  await client.ping();
  return eachCall(client);
}

function eachCall(client: Commands): Subject {
  return {
    can: () => true,
    make: (calls) => {
      const [only] = calls;
      if (calls.length === 1 && only) return callOne(client, only);
      return Promise.all(calls.map((call) => callOne(client, call)));
    },
  };
}

function callOne(client: Commands, { command, key, value }: Call): Promise<unknown> {
  switch (command) {
    case "get":
      return client.get(key);
    case "set":
      return client.set(key, value);
    case "hgetall":
      return client.hgetall(key);
    default:
      return client.incr(key);
  }
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
