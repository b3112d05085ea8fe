import type { Redis, Result } from "ioredis";

declare module "ioredis" {
  interface RedisCommander<Context> {
    take(key: string, amount: number): Result<number | null, Context>;
  }
}

/** Defines `take`, which lowers a number unless it would fall below zero; then it gives null. */
export function defineTake(redis: Redis): void {
  redis.defineCommand("take", {
    numberOfKeys: 1,
    lua: `
      local left = tonumber(redis.call("GET", KEYS[1]) or "0") - tonumber(ARGV[1])
      if left < 0 then return nil end
      redis.call("SET", KEYS[1], left)
      return left`,
  });
}

/** Takes one of each: a script is a command like any other, in a tick and in a pipeline. */
export async function takeOneOfEach(redis: Redis, keys: readonly string[]): Promise<(number | null)[]> {
  return Promise.all(keys.map((key) => redis.take(key, 1)));
}
