import { HOST } from "@tickpipe/test-support";
import { Redis, type RedisOptions } from "ioredis";
import { afterAll } from "vitest";
import { type TestServer, useServer } from "../engine.ts";

/** A page's clients have the replies that ioredis gives by default. */
type Options = Omit<RedisOptions, "replyMapping">;

/** A server for the code of a page. */
export interface PageServer extends TestServer {
  /** Connects to the server where the page says `new Redis()`. Disconnected after the tests of the file. */
  readonly Redis: new (
    options?: RedisOptions,
  ) => Redis;
}

/** Starts a server before the tests of a file and stops it after them. */
export function usePageServer(): PageServer {
  const made: Redis[] = [];
  // Hooks run in the opposite order: the clients go before their server.
  const server = useServer();
  afterAll(() => {
    for (const client of made) client.disconnect();
  });
  class PageRedis extends Redis {
    constructor(options: Options = {}) {
      super(server.port, HOST, options);
      made.push(this);
    }
  }
  return Object.defineProperty(server, "Redis", { value: PageRedis }) as PageServer;
}
