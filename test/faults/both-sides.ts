import { type TickpipeOptions, tickpipe } from "@tickpipe/core";
import { type FaultProxy, HOST, startFaultProxy } from "@tickpipe/test-support";
import { Redis, type RedisOptions } from "ioredis";
import { afterAll, beforeAll, expect, vi } from "vitest";
import { promiseLedger } from "../promise-ledger.ts";
import { bounds, fullTick } from "./exchange.ts";
import { type Ledger, useLedger } from "./ledger.ts";
import { MortalServer } from "./mortal-server.ts";
import { Callers, type CallOutcomes, comparable } from "./outcome.ts";

/** What a script of faults has to play with, on either side. */
export interface Stage {
  /** The client under test, plain or wrapped, behind the proxy; ready when the script begins, unless `lazyConnect`. */
  readonly redis: Redis;
  readonly proxy: FaultProxy;
  /** A plain client straight to the same server. */
  readonly control: Redis;
  readonly server: MortalServer;
  /** Notes a call of the client under test. */
  readonly note: Callers["note"];
  /** Calls a full tick of that prefix. */
  tick(prefix: string): void;
  /** Holds the exchange of that tick until all of it is there: then its outcome does not depend on the sizes of writes. */
  gather(prefix: string): Promise<Buffer>;
  /** Waits until every call noted so far has settled. */
  settled(): Promise<void>;
  /** Strikes out of the ledger what will never settle on the plain client either, and tells what it was. */
  strikeOutOpen(): string[];
  /** Waits for an event of the client under test; unlike `once` of node:events, whatever errors it emits before. */
  next(event: string): Promise<void>;
}

/** What must be the same on both sides. */
export interface Outcome extends CallOutcomes {
  /** What the script returned. */
  readonly returned: unknown;
  /** Each key as DUMP has it. */
  readonly data: Readonly<Record<string, string>>;
  /** Messages of the `error` events, each once: their count depends on how often a reconnect was tried. */
  readonly errors: readonly string[];
}

const POLL = { timeout: 10_000, interval: 5 };

/** Any error of the operating system. Whether a read or a write meets it first is up to the kernel. */
export const CONNECTION_LOST = "connection lost";

export type Script = (stage: Stage) => Promise<unknown>;

export interface PlayOptions {
  readonly redis?: RedisOptions;
  readonly make?: (options: RedisOptions) => Redis;
  /** Options of the wrapped side. */
  readonly tickpipe?: TickpipeOptions;
  /** Does not compare in which order a caller's calls settled. */
  readonly anyOrder?: boolean;
}

/** Plays scripts of faults on the plain client and on the wrapped one, each with a server of its own. */
export interface BothSides {
  /**
   * Plays a script on both sides, and demands that it comes out the same.
   *
   * @returns the outcome, for a test to see that the fault did strike
   */
  play(script: Script, options?: PlayOptions): Promise<Outcome>;
}

/** @param settings of the servers */
export function useBothSides(settings: readonly string[] = []): BothSides {
  const ledger = useLedger();
  const servers: MortalServer[] = [];
  beforeAll(async () => {
    servers.push(await MortalServer.start(settings), await MortalServer.start(settings));
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });
  return {
    play: async (script, options = {}) => {
      const [onPlain, onWrapped] = servers;
      if (!onPlain || !onWrapped) throw new Error("The servers are there only within tests.");
      const plain = await playOn(onPlain, (redis) => redis, script, options, ledger);
      const wrapped = await playOn(onWrapped, (redis) => tickpipe(redis, options.tickpipe), script, options, ledger);
      expect(wrapped).toEqual(plain);
      return plain;
    },
  };
}

async function playOn(
  server: MortalServer,
  wrap: (redis: Redis) => Redis,
  script: Script,
  options: PlayOptions,
  ledger: Ledger,
): Promise<Outcome> {
  const control = new Redis({ host: HOST, port: server.port, retryStrategy: () => 5 });
  control.on("error", () => {});
  await control.flushall();
  const proxy = await startFaultProxy(server.port);
  const make = options.make ?? ((all: RedisOptions) => new Redis(all));
  const raw = make({ port: proxy.port, retryStrategy: () => 5, ...options.redis });
  const errors = new Set<string>();
  raw.on("error", (error: NodeJS.ErrnoException) => errors.add(error.syscall ? CONNECTION_LOST : error.message));
  const redis = wrap(raw);
  const callers = new Callers(ledger);
  try {
    if (!options.redis?.lazyConnect) await nextEvent(raw, "ready");
    const returned = await script({
      redis,
      proxy,
      control,
      server,
      note: callers.note,
      tick: (prefix) => fullTick(redis, prefix, callers.note),
      gather: (prefix) => proxy.inject({ ...bounds(prefix), fault: "none" }),
      settled: () => ledger.allSettled(),
      strikeOutOpen: () => {
        promiseLedger.strikeOutPending();
        return ledger.strikeOutOpen();
      },
      next: (event) => nextEvent(raw, event),
    });
    await ledger.allSettled();
    expect(callers.strays).toEqual([]);
    // Polled, since a handshake may be under way.
    await vi.waitFor(() => expect([raw.stream?.writableCorked ?? 0, queueLengths(raw)]).toEqual([0, [0, 0]]), POLL);
    const { values, order } = callers;
    return {
      values,
      order: options.anyOrder ? {} : order,
      returned: comparable(returned),
      data: await dump(control),
      errors: [...errors].sort(),
    };
  } finally {
    raw.disconnect();
    control.disconnect();
    await proxy.stop();
  }
}

function nextEvent(raw: Redis, event: string): Promise<void> {
  return new Promise((resolve) => raw.once(event, () => resolve()));
}

function queueLengths(raw: Redis): number[] {
  const { commandQueue, offlineQueue } = raw as unknown as Record<string, { length: number } | undefined>;
  return [commandQueue?.length ?? 0, offlineQueue?.length ?? 0];
}

/** Every key of the server's first database with its content, as DUMP gives it. */
export async function dump(redis: Redis): Promise<Record<string, string>> {
  const keys = (await redis.keys("*")).sort();
  const contents = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  return Object.fromEntries(keys.map((key, i) => [key, contents[i]?.toString("hex") ?? ""]));
}
