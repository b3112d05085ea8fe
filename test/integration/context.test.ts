import { AsyncLocalStorage } from "node:async_hooks";
import { tracingChannel } from "node:diagnostics_channel";
import { tickpipe } from "@tickpipe/core";
import { describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";

const server = useServer();

describe("async context", () => {
  it.each(["immediate", "nextTick", "microtask"] as const)(
    "lets ioredis's tracing channel see each command under its own caller, with flush %s",
    async (flush) => {
      const redis = tickpipe(server.client(), { flush });
      await redis.ping();
      const caller = new AsyncLocalStorage<string>();
      const seen: string[] = [];
      const note = (message: unknown) => {
        const { command, args } = message as { command: string; args: string[] };
        seen.push(`${caller.getStore()}: ${command} ${args[0]}`);
      };
      const channel = tracingChannel("ioredis:command");
      const subscribers = { start: note, end() {}, asyncStart: note, asyncEnd() {}, error() {} };
      channel.subscribe(subscribers);
      try {
        const request = async (name: string) => {
          for (const i of range(3)) {
            await Promise.all([redis.get(`${name}:${i}:a`), redis.get(`${name}:${i}:b`)]);
            expect(caller.getStore()).toBe(name);
          }
        };
        await Promise.all(["ann", "bob", "cyd"].map((name) => caller.run(name, request, name)));
      } finally {
        channel.unsubscribe(subscribers);
      }
      expect(seen).toHaveLength(3 * 3 * 2 * 2);
      for (const line of seen) expect(line).toMatch(/^(\w+): get \1:/);
    },
  );

  it("gives each callback the context of its caller", async () => {
    const redis = tickpipe(server.client());
    await redis.ping();
    const caller = new AsyncLocalStorage<number>();
    const seen = await Promise.all(
      range(20).map((i) =>
        caller.run(i, () => new Promise((resolve) => redis.get("k", () => resolve(caller.getStore())))),
      ),
    );
    expect(seen).toEqual(range(20));
  });
});
