import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { expectWarning } from "../../../../test/process-watch.ts";
import { tickpipe } from "../tickpipe.ts";

it("a WATCH on a shared connection is warned of, once in a process", async () => {
  const warnings = expectWarning("TICKPIPE_SHARED_WATCH");
  for (const _ of [1, 2]) {
    const redis = tickpipe(
      new Redis({ lazyConnect: true, enableOfflineQueue: false, retryStrategy: () => null, port: 1 }),
    );
    redis.on("error", () => {});
    const { redis: scoped } = redis.tickpipe.scope();
    const calls = [redis.get("a"), redis.call("WATCH", "a"), redis.watch("a"), scoped.watch("a")];
    await Promise.allSettled(calls);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(warnings).toHaveLength(1);
});
