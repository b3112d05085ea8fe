import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Transform } from "node:stream";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import { eventually } from "@tickpipe/test-support";
import { createCache } from "async-cache-dedupe";
import { Worker } from "bullmq";
import express5, { type RequestHandler } from "express";
import express4 from "express4";
import type { Redis } from "ioredis";
import onFinished from "on-finished";
import { describe, expect, it, onTestFinished } from "vitest";
import { range, useServer } from "../engine.ts";

const server = useServer();
const versions = [
  { name: "Express 5", express: express5 },
  { name: "Express 4", express: express4 as unknown as typeof express5 },
];

/** What is called behind a browser that hangs up, on the plain client and behind `perRequest` with its defaults. */
type Handler = (redis: Redis, own: Redis, hangUp: () => Promise<unknown>, res: ServerResponse) => unknown;

const handlers: [name: string, handler: Handler][] = [
  [
    "a chain that nobody awaits",
    (redis, _own, hangUp) => {
      hangUp()
        .then(() => redis.get("k"))
        .then(() => redis.incr("done"));
    },
  ],
  [
    "an async function with two calls that nobody awaits",
    (_redis, own, hangUp) => {
      const work = async () => {
        await hangUp();
        await own.get("k");
        await own.incr("done");
      };
      work();
    },
  ],
  [
    "an async handler that goes on",
    async (_redis, own, hangUp) => {
      await hangUp();
      await own.incr("done");
    },
  ],
  [
    "cleanup in finally",
    async (redis, own, hangUp) => {
      await own.set("lock", 1);
      try {
        await hangUp();
      } finally {
        await redis.del("lock");
        await own.incr("done");
      }
    },
  ],
  [
    "a scan stream that is read, and one that is piped",
    (redis, own, hangUp) => {
      redis.scanStream().on("data", () => {});
      own.scanStream().pipe(new Transform({ objectMode: true, transform: (_keys, _encoding, done) => done() }));
      hangUp().then(() =>
        own
          .scanStream()
          .on("data", () => {})
          .on("end", () => own.incr("done")),
      );
    },
  ],
  [
    "what on-finished does, with the request's view and the module's own",
    async (redis, own, hangUp, res) => {
      await redis.sadd("lock", "ann", "bob", "eve");
      onFinished(res, async () => {
        await Promise.all([redis.srem("lock", "ann"), own.srem("lock", "bob")]);
        await redis.set("more", await redis.scard("lock"));
        await redis.del("lock");
        await redis.set("done", 1);
      });
      await hangUp();
    },
  ],
  [
    "50 calls that nobody awaits, and more after the response",
    (_redis, own, hangUp, res) => {
      for (const _ of range(50)) own.incr("more");
      res.end();
      hangUp().then(() => {
        for (const _ of range(50)) own.incr("more");
        own.incr("done");
      });
    },
  ],
  [
    "a pipeline that is executed later",
    async (redis, own, hangUp) => {
      const [first, second] = [redis.pipeline().incr("done"), own.multi().incr("more")];
      await hangUp();
      await Promise.all([first.exec(), second.exec()]);
    },
  ],
];

async function hungUpOn(app: RequestHandler): Promise<void> {
  const http = createServer(app as never).listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => void http.close());
  const browser = connect((http.address() as AddressInfo).port, "127.0.0.1");
  browser.on("error", () => {});
  browser.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  browsers.push(browser);
}
const browsers: ReturnType<typeof connect>[] = [];

function unhandledRejections(): unknown[] {
  const unhandled: unknown[] = [];
  const listen = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", listen);
  onTestFinished(() => void process.off("unhandledRejection", listen));
  return unhandled;
}

describe.each(versions)(
  "behind perRequest(redis) with $name, a browser that hangs up changes nothing for",
  ({ express }) => {
    it.each(handlers)("%s", async (_name, handler) => {
      const unhandled = unhandledRejections();
      const outcome = async (redis: Redis, middleware: RequestHandler) => {
        await redis.flushall();
        const app = express();
        app.use(middleware);
        app.get("/", (req, res) => {
          const own = (req as { redis?: Redis }).redis ?? redis;
          const hangUp = () => {
            browsers.pop()?.destroy();
            return once(res, "close");
          };
          return handler(redis, own, hangUp, res) as never;
        });
        await hungUpOn(app as never);
        await eventually("it is done", async () => (await redis.get("done")) === "1");
        return redis.mget("done", "more", "lock");
      };
      const plain = await outcome(server.client(), (_req, _res, next) => next());
      const view: Tickpiped<Redis> = tickpipe(server.client());
      expect(await outcome(view, perRequest(view) as RequestHandler)).toEqual(plain);
      expect(unhandled).toEqual([]);
    });

    it("a BullMQ worker that the first visitor's handler made, and a promise that later visitors share", async () => {
      const redis = tickpipe(server.client({ maxRetriesPerRequest: null }));
      await redis.flushall();
      const cache = createCache({ ttl: 60, storage: { type: "memory" } }).define("config", async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return redis.get("config");
      });
      await redis.set("config", "shared");
      const app = express();
      app.use(perRequest(redis, { abortOnHangUp: true, ambient: true, maxCommands: 1, whenOverBudget: "reject" }));
      let worker: Worker | undefined;
      const errors: unknown[] = [];
      const values: unknown[] = [];
      app.get("/", async (_req, res) => {
        worker ??= new Worker("jobs", async () => {}, { connection: redis as never }).on("error", (error) =>
          errors.push(error),
        );
        browsers.pop()?.destroy();
        await once(res, "close");
        values.push(await cache.config());
      });
      await hungUpOn(app as never);
      await hungUpOn(app as never);
      await eventually("both have it", () => values.length === 2);
      await worker?.waitUntilReady();
      await worker?.close();
      expect([values, errors]).toEqual([["shared", "shared"], []]);
    });
  },
);
