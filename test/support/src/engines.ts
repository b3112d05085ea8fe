import { startEmbeddedValkey } from "./embedded.ts";
import { startRedisServer } from "./redis-server.ts";
import type { RunningServer } from "./running-server.ts";

/** The servers that the integration tests run against. */
export type Engine = "redis-server" | "embedded-valkey";

/** Starts a server of that kind. */
export function startEngine(engine: Engine): Promise<RunningServer> {
  return engine === "redis-server" ? startRedisServer() : startEmbeddedValkey();
}
