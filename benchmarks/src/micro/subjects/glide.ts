import { GlideClient } from "@valkey/valkey-glide";
import type { Subject } from "../subjects.ts";

/** The client of @valkey/valkey-glide, whose core is native. */
export async function glide(port: number): Promise<Subject> {
  const client = await GlideClient.createClient({
    addresses: [{ host: "127.0.0.1", port }],
    // Its own limit is 1,000, and a larger tick would fail.
    inflightRequestsLimit: 100_000,
  });
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
              return client.hgetall(key);
            default:
              return client.incr(key);
          }
        }),
      ),
  };
}
