/*
 * Walks all commands that the client and the server know, and holds the lean path to ioredis's own: same reply, to the
 * type, or same error. Two servers go through the same calls in the same order, so that their data stay alike.
 */
import { tickpipe } from "@tickpipe/core";
import { type RunningServer, startEngine } from "@tickpipe/test-support";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { clientVariants } from "../variants.ts";
import { knownCalls } from "./known-calls.ts";

const engine = inject("engine");
let servers: RunningServer[] = [];
beforeAll(async () => {
  servers = [await startEngine(engine), await startEngine(engine)];
});
afterAll(() => Promise.all(servers.map((server) => server.stop())));

/** They end or hang the server or the connection, write files, or make the server connect to others. */
const NOT_CALLED = new Set([
  ...["shutdown", "debug", "replicaof", "slaveof", "failover", "migrate", "sync", "psync", "monitor", "quit", "reset"],
  ...["save", "bgsave", "bgrewriteaof", "module", "subscribe", "psubscribe", "ssubscribe", "hello", "client", "auth"],
  ...["blpop", "brpop", "brpoplpush", "blmove", "blmpop", "bzpopmin", "bzpopmax", "bzmpop", "wait", "waitaof"],
  ...["multi", "exec", "discard", "watch", "select", "swapdb", "script", "function", "cluster", "config", "acl"],
]);

/** Their replies tell the time, the memory or the hash seed of the server: only the kind of reply is compared. */
const VOLATILE = new Set([
  ...["hscan", "zscan", "pexpire", "psetex"],
  ...["time", "info", "lastsave", "memory", "latency", "slowlog", "role", "pttl", "ttl", "object", "restore", "lolwut"],
  ...["pexpiretime", "expiretime", "commandlog", "command", "randomkey", "scan", "sscan"],
]);

type AnyCommand = (...args: unknown[]) => Promise<unknown>;

const KEYS = ["str", "int", "list", "set", "zset", "hash", "stream", "missing"];

async function seed(redis: Redis): Promise<void> {
  await redis.flushall();
  await redis.mset("str", "tëxt", "int", "41", "bytes", Buffer.from([0, 255, 13, 10]));
  await redis.rpush("list", "a", "b", "c");
  // One member only: what picks a member at random must pick the same on both servers.
  await redis.sadd("set", "only");
  await redis.zadd("zset", "1.5", "one");
  await redis.hset("hash", { field: "value" });
  await redis.xadd("stream", "1-1", "f", "v");
}

/** What a call came to. Errors keep the command that ioredis notes on them. */
async function outcome(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return { reply: await call() };
  } catch (error) {
    const { name, message, command } = error as Error & { command?: unknown };
    return { name, message, command };
  }
}

function kind(value: unknown): unknown {
  if (Array.isArray(value)) return "array";
  return Buffer.isBuffer(value) ? "Buffer" : value === null ? "null" : typeof value;
}

/** Calls of a command with arguments that fit it by number, on a key of each type. */
function anyCalls(arity: number): unknown[][] {
  const count = Math.abs(arity) - 1;
  if (count === 0) return [[]];
  const fillers = ["1", 2, Buffer.from("3"), "4", "5", "6", "7"];
  const withKey = KEYS.map((key) => [key, ...fillers.slice(0, count - 1)]);
  return arity < 0 ? [...withKey, ["str", ...fillers.slice(0, count)], [Buffer.from("list"), "0", "-1"]] : withKey;
}

describe.each(clientVariants)("lean commands with $name", ({ make }) => {
  it.each(["", "p:"])("answer as ioredis's own do, for every command, with the keyPrefix %j", async (keyPrefix) => {
    const clients = servers.map(({ port }) => make({ port, ...(keyPrefix && { keyPrefix }) }));
    const [leanClient, nativeClient] = clients as [Redis, Redis];
    const lean = tickpipe(leanClient);
    const native = tickpipe(nativeClient, { lean: false });
    expect([lean.tickpipe.stats().lean, native.tickpipe.stats().lean]).toEqual([true, false]);
    const infos = (await nativeClient.call("COMMAND")) as [string, number][];
    const arities = new Map(infos.map(([name, arity]) => [name, arity]));
    let [compared, replied] = [0, 0];
    for (const name of lean.getBuiltinCommands().sort()) {
      const arity = arities.get(name);
      if (arity === undefined || NOT_CALLED.has(name)) continue;
      await Promise.all([seed(lean), seed(native)]);
      for (const args of [...(knownCalls[name] ?? []), ...anyCalls(arity)]) {
        for (const method of [name, `${name}Buffer`]) {
          const call = (redis: Redis) => {
            const command = redis as unknown as Record<string, AnyCommand>;
            return outcome(() => command[method]?.(...args) ?? Promise.reject(new Error("no such method")));
          };
          const [own, expected] = (await Promise.all([call(lean), call(native)])) as [
            { reply?: unknown },
            { reply?: unknown },
          ];
          const at = `${method} ${args.map(String).join(" ")}`;
          if (VOLATILE.has(name)) expect(kind(own.reply), at).toEqual(kind(expected.reply));
          else expect(own, at).toStrictEqual(expected);
          compared += 1;
          if (expected.reply !== undefined) replied += 1;
        }
      }
    }
    // Not vacuous: hundreds of calls must have had a reply, the rest an error.
    expect(compared).toBeGreaterThan(2_000);
    expect(replied).toBeGreaterThan(600);
    for (const client of clients) client.disconnect();
  });

  it("answer as ioredis's own do, for every command that has known calls", async () => {
    const clients = servers.map(({ port }) => make({ port }));
    const [lean, native] = [tickpipe(clients[0] as Redis), clients[1] as Redis];
    const infos = (await native.call("COMMAND")) as [string, number][];
    const known = new Set(infos.map(([name]) => name));
    for (const [name, calls] of Object.entries(knownCalls)) {
      if (!known.has(name)) continue;
      for (const args of calls) {
        await Promise.all([seed(lean), seed(native)]);
        const call = (redis: Redis) =>
          outcome(() => (redis as unknown as Record<string, AnyCommand>)[name]?.(...args) ?? Promise.reject());
        const [own, expected] = (await Promise.all([call(lean), call(native)])) as [object, object];
        expect(expected, `${name} ${args.map(String).join(" ")}`).toHaveProperty("reply");
        expect(own).toStrictEqual(expected);
      }
    }
    for (const client of clients) client.disconnect();
  });
});
