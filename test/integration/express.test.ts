import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { type Scope, type Tickpiped, tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import { countSocketWrites } from "@tickpipe/test-support";
import express5 from "express";
import express4 from "express4";
import type { Redis } from "ioredis";
import request from "supertest";
import { afterEach, describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";

const server = useServer();
const versions = [
  { name: "Express 5", express: express5 },
  // Its types are those of another version; what the tests call is alike in both.
  { name: "Express 4", express: express4 as unknown as typeof express5 },
];

const servers: Server[] = [];
afterEach(async () => {
  for (const each of servers.splice(0)) {
    each.closeAllConnections();
    each.close();
    await once(each, "close");
  }
});

async function listen(app: Parameters<typeof createServer>[1]): Promise<number> {
  const listening = createServer(app).listen(0, "127.0.0.1");
  servers.push(listening);
  await once(listening, "listening");
  return (listening.address() as AddressInfo).port;
}

const scopeOf = (redis: Tickpiped<Redis>) => redis.tickpipe.currentScope() as Scope<Redis>;

describe.each(versions)("perRequest with $name", ({ express }) => {
  it("gives each request a view of its own, which counts that request's calls", async () => {
    const redis = tickpipe(server.client());
    const app = express();
    app.use(perRequest(redis));
    app.get("/posts/:id", async (req, res) => {
      await req.redis.set("user", "ann");
      await Promise.all(range(5).map((i) => req.redis.get(`post:${req.params.id}:${i}`)));
      await req.redis.incr("user").catch(() => {});
      await req.redis.pipeline().get("user").incr("user").exec();
      res.json(scopeOf(req.redis).stats());
    });
    const [first, second] = await Promise.all([request(app).get("/posts/1"), request(app).get("/posts/2")]);
    for (const { status, body } of [first, second]) {
      expect(status).toBe(200);
      expect(body).toEqual({ commands: 9, roundTrips: 4, errors: 2, waitedMs: expect.any(Number) });
      expect(body.waitedMs).toBeGreaterThan(0);
    }
    expect(redis.tickpipe.currentScope()).toBeUndefined();
  });

  it("sends the calls of all requests of a tick in one write", async () => {
    const redis = tickpipe(server.client());
    await redis.ping();
    const app = express();
    app.use(perRequest(redis));
    const arrived: (() => void)[] = [];
    app.get("/", async (req, res) => {
      await new Promise<void>((resolve) => arrived.push(resolve));
      res.json(await Promise.all(range(10).map((i) => req.redis.incr(`n${i}`))));
      if (arrived.length < 3) return;
    });
    const responses = range(3).map(() =>
      request(app)
        .get("/")
        .then((response) => response.status),
    );
    while (arrived.length < 3) await new Promise((resolve) => setImmediate(resolve));
    const writes = countSocketWrites(redis.stream);
    for (const proceed of arrived) proceed();
    expect(await Promise.all(responses)).toEqual([200, 200, 200]);
    expect(writes.take()).toBe(1);
  });

  it("wraps a plain client on the way, and takes another property", async () => {
    const plain = server.client();
    const app = express();
    app.use(perRequest(plain, { property: "cache" }));
    app.get("/", async (req, res) => {
      const { cache } = req as typeof req & { cache: Tickpiped<Redis> };
      res.json([await cache.set("k", 1), cache.tickpipe.client === plain, "redis" in req]);
    });
    const { body } = await request(app).get("/");
    expect(body).toEqual(["OK", true, false]);
  });

  it("closes the scope when the response has been sent: calls after that are not counted", async () => {
    const app = express();
    app.use(perRequest(tickpipe(server.client())));
    let scope: Scope<Redis> | undefined;
    const closed = new Promise<void>((resolve) => {
      app.get("/", async (req, res) => {
        scope = scopeOf(req.redis);
        res.on("close", resolve);
        await req.redis.get("k");
        res.end();
      });
    });
    await request(app).get("/");
    await closed;
    expect(await scope?.redis.set("later", 1)).toBe("OK");
    expect(scope?.stats()).toMatchObject({ commands: 1, roundTrips: 1 });
  });

  it("closes the scope when the browser hangs up", async () => {
    const app = express();
    app.use(perRequest(tickpipe(server.client())));
    let scope: Scope<Redis> | undefined;
    let entered = () => {};
    const inHandler = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const closed = new Promise<void>((resolve) => {
      app.get("/", async (req, res) => {
        scope = scopeOf(req.redis);
        res.on("close", resolve);
        await req.redis.get("k");
        entered();
      });
    });
    const browser = connect(await listen(app), "127.0.0.1");
    browser.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await inHandler;
    browser.destroy();
    await closed;
    await scope?.redis.get("k");
    expect(scope?.stats()).toMatchObject({ commands: 1 });
  });

  it("opens no counting scope for a browser that hung up before the middleware ran", async () => {
    const app = express();
    let scope: Scope<Redis> | undefined;
    const handled = new Promise<void>((resolve) => {
      app.use((_req, res, next) => {
        res.on("close", () => next());
        browser.destroy();
      });
      app.use(perRequest(tickpipe(server.client())));
      app.use(async (req) => {
        scope = scopeOf(req.redis);
        await req.redis.get("k");
        resolve();
      });
    });
    const browser = connect(await listen(app), "127.0.0.1");
    browser.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await handled;
    expect(scope?.stats()).toMatchObject({ commands: 0 });
  });

  it("keeps the request's scope when an app and its router both use it", async () => {
    const redis = tickpipe(server.client());
    const app = express();
    const router = express.Router();
    router.use(perRequest(redis));
    router.get("/", async (req, res) => {
      await req.redis.get("in router");
      res.json(scopeOf(req.redis).stats().commands);
    });
    app.use(perRequest(redis));
    app.use(async (req, _res, next) => {
      await req.redis.get("in app");
      next();
    });
    app.use(router);
    expect((await request(app).get("/")).body).toBe(2);
  });

  it("fails a request whose property another middleware has taken", async () => {
    const app = express();
    app.use((req, _res, next) => {
      Object.assign(req, { redis: "somebody else's" });
      next();
    });
    app.use(perRequest(tickpipe(server.client())));
    const handler: express5.ErrorRequestHandler = (error, _req, res, _next) => {
      res.status(500).json(error.code);
    };
    app.use(handler);
    const { status, body } = await request(app).get("/");
    expect([status, body]).toEqual([500, "ERR_TICKPIPE_PROPERTY_TAKEN"]);
  });

  it("refuses, at creation, every property that a request of this version has", async () => {
    const redis = tickpipe(server.client());
    const app = express();
    const used = new Set<string>();
    app.use(express.json(), (req, res) => {
      for (let object: object = req; object !== Object.prototype; object = Object.getPrototypeOf(object)) {
        for (const name of Object.getOwnPropertyNames(object)) used.add(name);
      }
      res.end();
    });
    await request(app).post("/?a=1").send({ a: 1 });
    expect(used).toContain("originalUrl");
    for (const property of used) {
      expect(() => perRequest(redis, { property }), property).toThrow(
        expect.objectContaining({ code: "ERR_TICKPIPE_INVALID_OPTION" }),
      );
    }
  });
});
