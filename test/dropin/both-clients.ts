import { type Tickpiped, tickpipe } from "@tickpipe/core";
import type { Redis, RedisOptions } from "ioredis";
import { expect } from "vitest";
import { type TestServer, useServer } from "../engine.ts";
import { type ClientVariant, clientVariants } from "../variants.ts";

/** What a program may do to Redis from the side, over a connection of its own. */
export interface Aside {
  /** A plain client. Its commands are counted with the program's, so it has to call the same ones in each run. */
  readonly redis: Redis;
  /** Resolves once a key that has a time to live is gone. */
  untilExpired(key: string): Promise<void>;
  /** Resolves once a string has this value. */
  untilValue(key: string, value: string): Promise<void>;
}

export interface Comparison {
  /** Options of the client under test. */
  readonly options?: RedisOptions;
  /** `false` where the library's own timers decide how often it asks Redis, and which keys it keeps meanwhile. Default: `true`. */
  readonly sameCommands?: boolean;
}

/** One version of the client, plain and wrapped. */
export interface BothClients {
  readonly name: string;
  /**
   * Runs a program of a library with the plain client, then with the wrapped one, on an empty server each time. What it
   * returns has to be equal; so have the commands that Redis counted, with their failures, and the keys left behind.
   *
   * @returns what the program returned, for the caller to check as well
   */
  sameOutcome<T>(program: (redis: Redis, aside: Aside) => Promise<T>, comparison?: Comparison): Promise<T>;
}

/** The versions of ioredis that the libraries are used with, on one server for all tests of the file. */
export function bothClients(): readonly BothClients[] {
  const server = useServer();
  return clientVariants
    .filter(({ name }) => name === "ioredis 6" || name === "ioredis 5")
    .map((variant) => ({
      name: variant.name,
      sameOutcome: async (program, comparison = {}) => {
        const plain = await run(server, variant, (client) => client, program, comparison);
        let view: Tickpiped<Redis> | undefined;
        const wrap = (client: Redis): Redis => {
          view = tickpipe(client);
          return view;
        };
        const wrapped = await run(server, variant, wrap, program, comparison);
        expect(wrapped).toEqual(plain);
        // Otherwise the library would have made a client of its own, and the test would show nothing.
        expect(view?.tickpipe.stats().commands).toBeGreaterThan(0);
        return wrapped.outcome;
      },
    }));
}

interface Run<T> {
  readonly outcome: T;
  readonly commands?: Readonly<Record<string, string>>;
  readonly keys?: readonly string[];
}

async function run<T>(
  server: TestServer,
  { make }: ClientVariant,
  wrap: (client: Redis) => Redis,
  program: (redis: Redis, aside: Aside) => Promise<T>,
  { options = {}, sameCommands = true }: Comparison,
): Promise<Run<T>> {
  const observer = server.client();
  const client = make({ port: server.port, ...options });
  try {
    await observer.flushall();
    // A library finds its scripts missing at its first call, in both runs.
    await observer.script("FLUSH");
    await client.ping();
    await observer.config("RESETSTAT");
    const outcome = await program(wrap(client), asideOf(observer));
    if (!sameCommands) return { outcome };
    await settled(client);
    return { outcome, commands: await countedCommands(observer), keys: await keptKeys(observer) };
  } finally {
    client.disconnect();
    observer.disconnect();
  }
}

// What these ask with, as often as it takes; no library here uses them.
const ASKED_WITH = new Set(["type", "getrange"]);

function asideOf(redis: Redis): Aside {
  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return {
    redis,
    untilExpired: (key) => until(async () => (await redis.type(key)) === "none"),
    untilValue: (key, value) => until(async () => (await redis.getrange(key, 0, -1)) === value),
  };
}

/**
 * Resolves when a library is done with the calls that it does not wait for. Each round answers one more in a row of
 * calls that come of each other's replies.
 */
async function settled(client: Redis): Promise<void> {
  for (let round = 0; round < 10 && client.status === "ready"; round += 1) {
    await client.ping();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** How often each command was called, and how often it failed, by Redis's own count; scripts' commands included. */
async function countedCommands(observer: Redis): Promise<Record<string, string>> {
  const counted: Record<string, string> = {};
  for (const line of (await observer.info("commandstats")).split("\r\n")) {
    const [, name = "", calls, failed] = /^cmdstat_([^:]+):calls=(\d+).*failed_calls=(\d+)/.exec(line) ?? [];
    if (name !== "" && !ASKED_WITH.has(name)) counted[name] = `${calls} called, ${failed} failed`;
  }
  return counted;
}

/** The keys left behind, each with its type and whether it expires. */
async function keptKeys(observer: Redis): Promise<string[]> {
  const keys = (await observer.keys("*")).sort();
  return Promise.all(
    keys.map(async (key) => {
      const [type, ttl] = await Promise.all([observer.type(key), observer.pttl(key)]);
      return `${key}: ${type}${ttl >= 0 ? ", expires" : ""}`;
    }),
  );
}
