import { type Tickpiped, type TickpipeOptions, tickpipe } from "@tickpipe/core";
import type { Redis, RedisOptions } from "ioredis";
import type { TestServer } from "./engine.ts";

/** A connected view with caps. */
export async function cappedOn(
  server: TestServer,
  options: TickpipeOptions,
  redisOptions: RedisOptions = {},
): Promise<Tickpiped<Redis>> {
  const redis = tickpipe(server.client(redisOptions), options);
  redis.on("error", () => {});
  await redis.ping();
  return redis;
}

/** What calls came to: the reply, or the code of the error, or its message where it has none. */
export function codes(settled: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return settled.map((each) => (each.status === "fulfilled" ? each.value : (each.reason.code ?? each.reason.message)));
}

export const OVERLOADED = "ERR_TICKPIPE_OVERLOADED";
