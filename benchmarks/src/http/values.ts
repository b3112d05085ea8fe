import type { Redis } from "ioredis";
import type { Call } from "../micro/workloads.ts";

/** What an app answers with: the values of so many keys, from the `first` on. */
export interface Answer {
  readonly first: number;
  readonly values: readonly unknown[];
}

/** Twice as many as requests can be under way: no two of those read the same keys, so that none shares a reply. */
const DIFFERENT_REQUESTS = 100;

const keyAt = (i: number): string => `value:${String(i).padStart(6, "0")}`;

/** 16 bytes, different for each key. */
const valueAt = (i: number): string => `value ${String(i).padStart(10, "0")}`;

/** The calls of so many different requests, to be gone round. */
export function requestsOf(calls: number): readonly { readonly first: number; readonly calls: readonly Call[] }[] {
  return Array.from({ length: DIFFERENT_REQUESTS }, (_, request) => {
    const first = request * calls;
    return {
      first,
      calls: Array.from({ length: calls }, (_, i) => ({ command: "get", key: keyAt(first + i), value: "" })),
    };
  });
}

/** Sets the keys that requests of up to so many calls read. */
export async function seed(client: Redis, mostCalls: number): Promise<void> {
  const keys = Array.from({ length: DIFFERENT_REQUESTS * mostCalls }, (_, i) => i);
  await Promise.all(keys.map((i) => client.set(keyAt(i), valueAt(i))));
}

/**
 * Sees to it that an app answered with the values that Redis holds.
 *
 * @throws {Error} if it did not
 */
export function expectSeededValues(body: unknown, calls: number): void {
  const { first, values } = body as Answer;
  const isRight = values.length === calls && values.every((value, i) => value === valueAt(first + i));
  if (!isRight) throw new Error(`the answer holds other values than the ${calls} of Redis.`);
}
