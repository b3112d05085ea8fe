import { type Loader, type LoaderOptions, type Tickpiped, tickpipe } from "@tickpipe/core";
import type { Redis } from "ioredis";
import type { TestServer } from "./engine.ts";

export interface User {
  id: number;
  tags: string[];
}

export const userOf = (id: number): User => ({ id, tags: ["new"] });

export const nextIteration = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A loader of users, which makes them up. */
export interface UserLoader {
  readonly redis: Tickpiped<Redis>;
  readonly users: Loader<number, User | null>;
  /** The ids of each call of `load`. */
  readonly asked: number[][];
  /** The Redis key of an id, with a prefix of this loader's own. */
  keyOf(id: number): string;
}

/** A load that waits until it is told to answer, and what it has been called with. */
export function heldLoad(): {
  readonly calls: { readonly ids: readonly number[]; readonly answer: (users: (User | null)[]) => void }[];
  readonly load: (ids: readonly number[]) => Promise<(User | null)[]>;
} {
  const calls: ReturnType<typeof heldLoad>["calls"] = [];
  const load = (ids: readonly number[]) =>
    new Promise<(User | null)[]>((resolve) => {
      calls.push({ ids, answer: resolve });
    });
  return { calls, load };
}

let made = 0;

/** Makes a loader on a view, or on one of a new client of the server, which is connected. */
export async function makeLoader(
  on: TestServer | Tickpiped<Redis>,
  options: Partial<LoaderOptions<number, User | null>> = {},
): Promise<UserLoader> {
  const redis = "tickpipe" in on ? on : tickpipe(on.client());
  await redis.ping();
  await nextIteration();
  const prefix = `user${made++}:`;
  const asked: number[][] = [];
  const keyOf = options.key ?? ((id: number) => prefix + id);
  const { load = async (ids: readonly number[]) => ids.map(userOf), ...others } = options;
  const users = redis.tickpipe.loader<number, User | null>({
    key: keyOf,
    load: (ids) => {
      asked.push([...ids]);
      return load(ids);
    },
    ttl: 60,
    // No test is decided by how fast Redis answers.
    redisTimeoutMs: Number.POSITIVE_INFINITY,
    ...others,
  });
  return { redis, users, asked, keyOf };
}
