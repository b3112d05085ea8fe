import { findRedisServer, HOST, startEmbeddedValkey, startRedisServer } from "@tickpipe/test-support";
import { Redis, type RedisOptions } from "ioredis";

/** A Redis for the demo. */
export interface RedisSource {
  /** Which one it is, for people. Holds no credentials. */
  readonly description: string;
  /** A client of it. */
  connect(options?: RedisOptions): Redis;
  /** How to make the same client in another process; may hold credentials. */
  readonly address: RedisAddress;
  stop(): Promise<void>;
}

/** A URL, or a port of this machine. */
export type RedisAddress = string | number;

export function connectTo(address: RedisAddress, options: RedisOptions = {}): Redis {
  return typeof address === "string"
    ? new Redis(address, options)
    : new Redis({ host: HOST, port: address, ...options });
}

/**
 * `REDIS_URL` if it is set; else a redis-server or valkey-server of this machine, started for the demo; else Valkey in
 * WebAssembly.
 *
 * @throws {Error} if it cannot be reached
 */
export async function findRedis(): Promise<RedisSource> {
  const { REDIS_URL } = process.env;
  if (REDIS_URL) {
    const description = `the Redis of REDIS_URL, ${await reach(REDIS_URL)}`;
    return source(description, REDIS_URL, async () => {});
  }
  const server = findRedisServer() === null ? await startEmbeddedValkey() : await startRedisServer();
  return source(server.description, server.port, () => server.stop());
}

function source(description: string, address: RedisAddress, stop: () => Promise<void>): RedisSource {
  return { description, address, stop, connect: (options) => connectTo(address, options) };
}

/** Connects once, and gives the server's version. */
async function reach(url: string): Promise<string> {
  const client = connectTo(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 3000 });
  let reason = "";
  client.on("error", (error: Error & { code?: string }) => {
    reason = error.code ?? error.message;
  });
  try {
    await client.connect();
    const [, name = "redis", version = "?"] = /(redis|valkey)_version:(\S+)/.exec(await client.info("server")) ?? [];
    return `${name} ${version}`;
  } catch (error) {
    throw new Error(
      `Redis is not reachable at REDIS_URL (${reason || (error as Error).message}). Start it, or unset REDIS_URL.`,
    );
  } finally {
    client.disconnect();
  }
}
