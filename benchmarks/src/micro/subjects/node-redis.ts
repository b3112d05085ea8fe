import { createClient } from "redis";
import type { Subject } from "../subjects.ts";
import { eachCall } from "./each-call.ts";

/** The client of the `redis` package, which writes once per tick by itself. */
export async function nodeRedis(port: number): Promise<Subject> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on("error", () => {});
  await client.connect();
  // Its own names, but for the one that is spelled otherwise.
  return eachCall({
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    hgetall: (key) => client.hGetAll(key),
    incr: (key) => client.incr(key),
  });
}
