import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { type Scope, type Tickpiped, tickpipe } from "@tickpipe/core";
import { type OpenedRequest, type PerRequestMiddleware, type PerRequestOptions, perRequest } from "@tickpipe/express";
import { countSocketWrites, eventually } from "@tickpipe/test-support";
import express5 from "express";
import express4 from "express4";
import type { Redis } from "ioredis";
import request from "supertest";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
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
  it("tells on a channel which scope is which request's, while its headers can still be set", async () => {
    const redis = tickpipe(server.client());
    const opened: OpenedRequest[] = [];
    const listener = (message: unknown) => {
      opened.push(message as OpenedRequest);
      (message as OpenedRequest).response.setHeader("x-told", "yes");
    };
    subscribe("tickpipe:request:open", listener);
    onTestFinished(() => void unsubscribe("tickpipe:request:open", listener));
    const app = express();
    app.use(perRequest(redis));
    app.get("/a", (req, res) => {
      const [message] = opened;
      res.json([message?.request === req, message?.response === res, message?.scope === scopeOf(req.redis)]);
    });
    const response = await request(app).get("/a");
    expect([response.body, response.headers["x-told"]]).toEqual([[true, true, true], "yes"]);
    expect(opened).toHaveLength(1);
  });

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
      expect(body).toEqual({ commands: 9, roundTrips: 4, errors: 2, memoHits: 0, waitedMs: expect.any(Number) });
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

  it("closes the scope when the response has been sent: later calls go through, uncounted", async () => {
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

  it("changes nothing for a handler when the browser hangs up, and asked to, refuses calls of req.redis alone", async () => {
    const redis = tickpipe(server.client());
    const afterHangUp = async (options: PerRequestOptions) => {
      const app = express();
      app.use(perRequest(redis, options));
      const handled = new Promise<unknown[]>((resolve) => {
        app.get("/", async (req, res) => {
          const closed = once(res, "close");
          browser.destroy();
          await closed;
          const calls = [req.redis.incr("counter"), req.redis.pipeline().incr("counter").exec(), redis.incr("counter")];
          resolve(
            (await Promise.allSettled(calls)).map((each) => (each.status === "rejected" ? each.reason.code : "made")),
          );
        });
      });
      const browser = connect(await listen(app), "127.0.0.1");
      browser.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      return handled;
    };
    expect(await afterHangUp({})).toEqual(["made", "made", "made"]);
    expect(await redis.getdel("counter")).toBe("3");
    const aborted = "ERR_TICKPIPE_ABORTED";
    expect(await afterHangUp({ abortOnHangUp: true })).toEqual([aborted, aborted, "made"]);
    expect(await afterHangUp({ abortOnHangUp: true, ambient: true })).toEqual([aborted, aborted, "made"]);
    expect(await redis.getdel("counter")).toBe("2");
  });

  it("with abortOnHangUp refuses the calls of a browser that hung up before the middleware ran", async () => {
    const app = express();
    const handled = new Promise<unknown>((resolve) => {
      app.use((_req, res, next) => {
        res.on("close", () => next());
        browser.destroy();
      });
      app.use(perRequest(tickpipe(server.client()), { abortOnHangUp: true }));
      app.use(async (req) => {
        resolve(await req.redis.get("k").catch((error: unknown) => error));
      });
    });
    const browser = connect(await listen(app), "127.0.0.1");
    browser.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(await handled).toMatchObject({ code: "ERR_TICKPIPE_ABORTED" });
  });

  it("ends the scopes of all pipelined requests when their connection is cut, with one listener on it", async () => {
    const app = express();
    const scopes: Scope<Redis>[] = [];
    const summaries: unknown[] = [];
    app.use(
      perRequest(tickpipe(server.client()), { abortOnHangUp: true, onSummary: (_s, req) => summaries.push(req.url) }),
    );
    const sockets = new Set<Socket>();
    app.get("/:n", async (req) => {
      sockets.add(req.socket);
      scopes.push(scopeOf(req.redis));
    });
    const browser = connect(await listen(app), "127.0.0.1");
    for (const n of range(5)) browser.write(`GET /${n} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await eventually("all have arrived", () => scopes.length === 5);
    const [socket] = sockets;
    const listeners = socket?.listenerCount("close") ?? 0;
    browser.destroy();
    await eventually("all have ended", () => summaries.length === 5);
    const codes = await Promise.all(scopes.map(({ redis: own }) => own.get("k").catch((error) => error.code)));
    expect([codes, sockets.size, listeners < 6]).toEqual([range(5).map(() => "ERR_TICKPIPE_ABORTED"), 1, true]);
  });

  it("counts the module's own calls for their request while somebody asks, and does nothing else to them", async () => {
    const redis = tickpipe(server.client());
    // As a service in a module of its own would, which imports `redis`.
    const service = async () => {
      await redis.pipeline().get("c").exec();
      await Promise.all([redis.get("a"), redis.get("b")]);
      await redis.get("a");
    };
    const served = async (options: PerRequestOptions) => {
      const app = express();
      app.use(perRequest(redis, { memo: true, serverTiming: false, ...options }));
      app.get("/", async (req, res) => {
        await req.redis.get("own");
        await service();
        const scope = scopeOf(req.redis);
        const { others } = scope.observed();
        const isCurrent = redis.tickpipe.currentScope() === scope;
        res.json([scope.stats().commands, scope.stats().memoHits, others.commands, isCurrent]);
      });
      return (await request(app).get("/")).body;
    };
    expect(await served({})).toEqual([1, 0, 0, false]);
    for (const asked of [{ serverTiming: true }, { onSummary: () => {} }]) {
      expect(await served(asked)).toEqual([1, 0, 4, false]);
    }
    expect(await served({ ambient: true })).toEqual([4, 1, 0, true]);
    expect(await served({ ambient: false, serverTiming: true })).toEqual([1, 0, 0, false]);
    const end = redis.tickpipe.record(() => {});
    onTestFinished(end);
    expect(await served({})).toEqual([1, 0, 4, false]);
    end();
    expect(await served({})).toEqual([1, 0, 0, false]);
  });

  it("lets a route's own perRequest decide for the route, and the outer one for what goes around it", async () => {
    const redis = tickpipe(server.client());
    const app = express();
    const outer: number[] = [];
    app.use(perRequest(redis, { abortOnHangUp: true }));
    app.use(async (req, res, next) => {
      const own = req.redis;
      res.on("finish", () => outer.push(own.tickpipe.currentScope()?.stats().commands ?? -1));
      await own.get("outer");
      next();
    });
    const inner = perRequest(redis, { maxCommands: 2, whenOverBudget: "reject", memo: true });
    app.get("/", inner, async (req, res) => {
      const calls = ["a", "a", "b", "c"];
      const codes: unknown[] = [];
      for (const key of calls) codes.push(await req.redis.get(key).catch((error: { code: string }) => error.code));
      res.json(codes);
    });
    expect((await request(app).get("/")).body).toEqual([null, null, null, "ERR_TICKPIPE_OVER_BUDGET"]);
    expect(outer).toEqual([1]);
  });

  const headers: [string, unknown][] = [
    [
      "pairs",
      [
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
      ],
    ],
    ["a flat list", ["Set-Cookie", "a=1", "Set-Cookie", "b=2", "server-timing", "app;dur=1"]],
    ["an object", { "Set-Cookie": ["a=1", "b=2"], "server-timing": "app;dur=1" }],
    ["nothing", undefined],
  ];
  it.each(headers)("keeps every header that writeHead is given as %s, beside Server-Timing", async (_how, given) => {
    const redis = tickpipe(server.client());
    const answers = async (...middlewares: PerRequestMiddleware[]) => {
      const listener: RequestListener = (req, res) => {
        const [first, ...others] = middlewares;
        const answer = () => res.writeHead(201, given as never).end();
        if (first === undefined) return void answer();
        first(req, res, () => others.reduceRight<() => void>((next, each) => () => each(req, res, next), answer)());
      };
      const response = await fetch(`http://127.0.0.1:${await listen(listener)}/`);
      return [response.status, response.headers.getSetCookie(), response.headers.get("server-timing")];
    };
    const [status, cookies, timing] = await answers();
    const timed = await answers(perRequest(redis, { serverTiming: true }));
    expect(timed).toEqual([status, cookies, expect.stringMatching(/redis;dur=0\.0;desc="0 commands, 0 round trips"$/)]);
    if (timing !== null) expect(timed[2]).toContain(timing as string);
  });

  it("tells of each request's calls in Server-Timing, beside what others put there, and to onSummary", async () => {
    const redis = tickpipe(server.client());
    const app = express();
    const summaries: unknown[] = [];
    app.use((_req, res, next) => {
      res.setHeader("Server-Timing", "app;dur=1");
      next();
    });
    app.use(
      perRequest(redis, {
        onSummary: ({ commands, roundTrips }, req) => summaries.push([req.url, commands, roundTrips]),
      }),
    );
    app.get("/", async (req, res) => {
      await Promise.all([req.redis.get("a"), req.redis.get("b")]);
      await req.redis.get("c");
      res.send("ok");
    });
    const { headers } = await request(app).get("/");
    expect(headers["server-timing"]).toMatch(/^app;dur=1, redis;dur=\d+\.\d;desc="3 commands, 2 round trips"$/);
    expect(summaries).toEqual([["/", 3, 2]]);
    const silent = express();
    silent.use(perRequest(redis, { serverTiming: false }));
    silent.get("/", (_req, res) => void res.send("ok"));
    expect((await request(silent).get("/")).headers["server-timing"]).toBeUndefined();
  });

  it("gives each request's scope the options for scopes", async () => {
    const redis = tickpipe(server.client());
    const app = express();
    app.use(perRequest(redis, { memo: true, maxCommands: 2, whenOverBudget: "reject" }));
    app.get("/", async (req, res) => {
      for (const _ of range(3)) await req.redis.get("k");
      await req.redis.get("other");
      const code = await req.redis.get("third").catch((error: { code: string }) => error.code);
      res.json([scopeOf(req.redis).stats().memoHits, code]);
    });
    expect((await request(app).get("/")).body).toEqual([2, "ERR_TICKPIPE_OVER_BUDGET"]);
    expect(() => perRequest(redis, { maxCommands: 0 })).toThrow('option "maxCommands" of scope()');
    expect(() => perRequest(redis, { serverTiming: 1 as never })).toThrow('option "serverTiming" of perRequest()');
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
