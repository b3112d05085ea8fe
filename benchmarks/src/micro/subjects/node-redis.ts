import { createClient, createCluster } from "redis";
import type { Subject } from "../subjects.ts";
import { eachCall } from "./each-call.ts";

/** The client of the `redis` package, which writes once per tick by itself. */
export async function nodeRedis(port: number): Promise<Subject> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on("error", () => {});
  await client.connect();
  return named(client);
}

/** The same for a cluster. */
export async function nodeRedisCluster(port: number): Promise<Subject> {
  const client = createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${port}` }] });
  client.on("error", () => {});
  await client.connect();
  return named(client);
}

interface Commands {
  get(key: string): Promise<unknown>;
  set(key: string, value: string): Promise<unknown>;
  hGetAll(key: string): Promise<unknown>;
  incr(key: string): Promise<unknown>;
}

function named(client: Commands): Subject {
  // Its own names, but for the one that is spelled otherwise.
  return eachCall({
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    hgetall: (key) => client.hGetAll(key),
    incr: (key) => client.incr(key),
  });
}
