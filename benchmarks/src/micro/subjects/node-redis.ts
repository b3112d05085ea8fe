import { createClient } from "redis";
import type { Subject } from "../subjects.ts";

/** The client of the `redis` package, which writes once per tick by itself. */
export async function nodeRedis(port: number): Promise<Subject> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on("error", () => {});
  await client.connect();
  return {
    can: () => true,
    make: (calls) =>
      Promise.all(
        calls.map(({ command, key, value }): Promise<unknown> => {
          switch (command) {
            case "get":
              return client.get(key);
            case "set":
              return client.set(key, value);
            case "hgetall":
              return client.hGetAll(key);
            default:
              return client.incr(key);
          }
        }),
      ),
  };
}
