import type { Loader, Tickpiped } from "@tickpipe/core";
import type { Redis } from "ioredis";

export interface User {
  readonly id: string;
  readonly name: string;
}

/** How long the users' service may take, in milliseconds: who waits for a user waits no longer, whichever request asked first. */
const TIMEOUT_MS = 2_000;

/** The users of another service, in front of which stands Redis. To be made once. */
export function userLoader(redis: Tickpiped<Redis>, serviceUrl: string): Loader<string, User | null> {
  return redis.tickpipe.loader({
    key: (id: string) => `user:${id}`,
    load: async (ids): Promise<(User | null)[]> => {
      const url = new URL("/users", serviceUrl);
      for (const id of ids) url.searchParams.append("id", id);
      const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!response.ok) throw new Error(`The users' service answered with status ${response.status}.`);
      const users = (await response.json()) as User[];
      // In whatever order they come, and without those that do not exist.
      const byId = new Map(users.map((user) => [user.id, user]));
      return ids.map((id) => byId.get(id) ?? null);
    },
    ttl: 5 * 60,
    negativeTtl: 30,
  });
}
