import { requireRedisServer } from "@tickpipe/test-support";

declare module "vitest" {
  interface ProvidedContext {
    engine: "redis-server" | "embedded-valkey";
  }
}

/** Before any test: sees to a Redis, or ends the run with one line that says what is missing. */
export default function setup(): void {
  try {
    requireRedisServer();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
