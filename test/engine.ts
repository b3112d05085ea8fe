import { HOST, type RunningServer, startEngine } from "@tickpipe/test-support";
import { Redis, type RedisOptions } from "ioredis";
import { afterAll, beforeAll, inject } from "vitest";

/** A server of the engine that this test project runs on, and the clients that a test makes of it. */
export interface TestServer {
  readonly port: number;
  /** A plain ioredis client; disconnected after the tests of the file. */
  client(options?: RedisOptions): Redis;
}

const engine = inject("engine");

/** Starts a server before the tests of a file and stops it, with all its clients, after them. */
export function useServer(): TestServer {
  const clients: Redis[] = [];
  let server: RunningServer | undefined;
  beforeAll(async () => {
    server = await startEngine(engine);
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await server?.stop();
  });
  const port = (): number => {
    if (!server) throw new Error("The server is there only within tests and hooks.");
    return server.port;
  };
  return {
    get port() {
      return port();
    },
    client: (options = {}) => {
      const client = new Redis({ host: HOST, port: port(), ...options });
      clients.push(client);
      return client;
    },
  };
}

/** The numbers from 0 up to, not including, `count`. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
