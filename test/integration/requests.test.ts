import { AsyncLocalStorage } from "node:async_hooks";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import type { Redis } from "ioredis";
import { expect, it } from "vitest";
import { range, useServer } from "../engine.ts";

const server = useServer();

const REQUESTS = 10_000;
const AT_ONCE = 200;

/** A handler's work on keys of its own and on keys that all share, with every value naming its owner. */
async function serve(module: Tickpiped<Redis>, redis: Tickpiped<Redis>, owner: string): Promise<void> {
  const own = `own:${owner}`;
  const [profile, config] = await Promise.all([module.hgetall(`user:${Number(owner) % 10}`), redis.get("config")]);
  expect(profile).toEqual({ id: String(Number(owner) % 10), role: "reader" });
  expect(config).toBe("shared by all");
  // Spoils what would be another's as well, were it the same object.
  Object.assign(profile, { id: owner, role: "spoilt" });
  const failure = await module.lpush("config", owner).catch((error: Error & { owner?: string }) => error);
  expect(failure).not.toHaveProperty("owner");
  Object.assign(failure, { owner });
  await redis.set(own, owner, "PX", 60_000);
  const replies = await Promise.all([redis.get(own), module.get(own), redis.hget(`user:${Number(owner) % 10}`, "id")]);
  expect(replies).toEqual([owner, owner, String(Number(owner) % 10)]);
  expect(await redis.pipeline().get(own).del(own).exec()).toEqual([
    [null, owner],
    [null, 1],
  ]);
  expect(await module.get(own)).toBeNull();
}

it("10,000 requests, 200 at once: no value, error, memo entry or async context reaches another", async () => {
  const module = tickpipe(server.client());
  for (const i of range(10)) await module.hset(`user:${i}`, { id: String(i), role: "reader" });
  await module.set("config", "shared by all");
  const context = new AsyncLocalStorage<string>();
  let next = 0;
  const visitor = async (): Promise<void> => {
    while (next < REQUESTS) {
      const owner = String(next++);
      await context.run(owner, async () => {
        const scope = module.tickpipe.scope({ memo: Number(owner) % 2 === 0, name: owner });
        await scope.run(() => serve(module, scope.redis, owner));
        expect([context.getStore(), scope.stats().errors]).toEqual([owner, 1]);
        scope.close();
      });
    }
  };
  await Promise.all(range(AT_ONCE).map(visitor));
  expect(module.tickpipe.stats().deduplicated).toBeGreaterThan(REQUESTS);
  expect(module.tickpipe.stats().pending).toBe(0);
});
