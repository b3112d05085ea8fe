import { once } from "node:events";
import { Agent, createServer, get, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { type Scope, type ScopeOptions, type Tickpiped, tickpipe } from "@tickpipe/core";
import { countSocketWrites, eventually } from "@tickpipe/test-support";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { inspected } from "../../examples/frameworks/src/inspected.ts";
import { requestScope } from "../../examples/frameworks/src/request-scope.ts";
import { range, useServer } from "../engine.ts";
import type { Handler } from "./framework.ts";
import { frameworks } from "./frameworks.ts";

const redisServer = useServer();
const servers: Server[] = [];

beforeEach(async () => {
  await redisServer.client().flushall();
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

async function listen(listener: RequestListener) {
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

const scopeOf = (redis: Tickpiped<Redis>) => redis.tickpipe.currentScope() as Scope<Redis>;
const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => "no error",
    (error: { code?: string }) => error.code,
  );

/** Asks for `/` and hangs up when it is told to. */
function visitor(url: string) {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return socket;
}

describe.each(frameworks)("the recipe for $name", (framework) => {
  const start = async (redis: Tickpiped<Redis>, handler: Handler, options?: ScopeOptions) => {
    return listen(await framework.listener(redis, handler, options));
  };

  it("gives a request a view of its own, whose calls leave in one write, and which is closed once the response was sent", async () => {
    const redis = tickpipe(redisServer.client());
    await redis.ping();
    const writes = countSocketWrites(redis.stream);
    let scope: Scope<Redis> | undefined;
    const { url } = await start(redis, async ({ redis: own }) => {
      scope = scopeOf(own);
      return JSON.stringify(await Promise.all(range(5).map((i) => own.set(`k${i}`, i))));
    });
    const response = await fetch(url);
    expect([response.status, await response.json()]).toEqual([200, range(5).map(() => "OK")]);
    expect([writes.take(), scope?.stats()]).toMatchObject([1, { commands: 5, roundTrips: 1 }]);
    await eventually("the scope is closed", () => scope?.redis.tickpipe.currentScope() === undefined);
  });

  it.each([
    ["GET", undefined],
    ["POST", JSON.stringify({ large: "x".repeat(300_000) })],
  ])(
    "counts what the module's own view calls in a %s request while somebody asks, before and after a call",
    async (method, body) => {
      const redis = tickpipe(redisServer.client());
      const counts = async () => {
        const { url } = await start(redis, async ({ redis: own, body: parsed }) => {
          await redis.get("k");
          await Promise.all([redis.get("k"), own.get("other")]);
          const { stats, observed } = { stats: scopeOf(own).stats(), observed: scopeOf(own).observed() };
          const length = (parsed as { large: string })?.large.length;
          return JSON.stringify([
            stats.commands,
            observed.others.commands,
            redis.tickpipe.currentScope() ?? null,
            length,
          ]);
        });
        const headers = { "content-type": "application/json" };
        const response = await fetch(url, body === undefined ? {} : { method, body, headers });
        return response.json();
      };
      const length = body === undefined ? null : 300_000;
      expect(await counts()).toEqual([1, 0, null, length]);
      onTestFinished(redis.tickpipe.record(() => {}));
      expect(await counts()).toEqual([1, 2, null, length]);
    },
  );

  it("keeps two requests at once apart: neither scope nor memo of one is the other's", async () => {
    const redis = tickpipe(redisServer.client());
    await redis.set("shared", "old");
    const arrived: (() => void)[] = [];
    const handler: Handler = async ({ redis: own }) => {
      const values = [await own.get("shared")];
      await new Promise<void>((resolve) => arrived.push(resolve));
      values.push(await own.get("shared"));
      return JSON.stringify([values, scopeOf(own).stats()]);
    };
    const { url } = await start(redis, handler, { memo: true });
    const first = fetch(url).then((response) => response.json());
    await eventually("the first has read", () => arrived.length === 1);
    await redis.set("shared", "new");
    const second = fetch(url).then((response) => response.json());
    await eventually("the second has read", () => arrived.length === 2);
    for (const proceed of arrived) proceed();
    expect(await Promise.all([first, second])).toEqual([
      [["old", "old"], expect.objectContaining({ commands: 1, memoHits: 1 })],
      [["new", "new"], expect.objectContaining({ commands: 1, memoHits: 1 })],
    ]);
  });

  it("leaves nothing of a request to the next one of the same connection", async () => {
    const redis = tickpipe(redisServer.client());
    const scopes: unknown[] = [];
    const { server, url } = await start(redis, async ({ redis: own }) => {
      scopes.push(scopeOf(own));
      await own.get("k");
      return String(scopeOf(own).stats().commands);
    });
    const before: [port: number | undefined, scope: unknown][] = [];
    server.prependListener("request", (req) => before.push([req.socket.remotePort, redis.tickpipe.currentScope()]));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async () => {
      const [response] = await once(get(url, { agent }), "response");
      return text(response);
    };
    expect([await ask(), await ask()]).toEqual(["1", "1"]);
    agent.destroy();
    expect(new Set(before.map(([port]) => port)).size).toBe(1);
    expect(before.map(([, scope]) => scope)).toEqual([undefined, undefined]);
    expect(new Set(scopes).size).toBe(2);
  });

  it("answers 500 where a handler throws, and closes the scope", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const redis = tickpipe(redisServer.client());
    await redis.lpush("list", "a");
    const scopes: Scope<Redis>[] = [];
    const { url } = await start(redis, async ({ redis: own }) => {
      scopes.push(scopeOf(own));
      await own.incr("list");
      return "not reached";
    });
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining("not reached")]);
    expect(logged).toHaveBeenCalledTimes(1);
    await eventually("the scope is closed", () => scopes[0]?.redis.tickpipe.currentScope() === undefined);
    expect((await fetch(url)).status).toBe(500);
  });

  it("keeps the scope open until a streamed body has been sent", async () => {
    const redis = tickpipe(redisServer.client());
    let scope: Scope<Redis> | undefined;
    const { url } = await start(redis, async ({ redis: own }) => {
      scope = scopeOf(own);
      return Readable.from(
        (async function* () {
          for (const i of range(20)) {
            await new Promise((resolve) => setImmediate(resolve));
            yield `${i}:${await own.incr("streamed")};`.padEnd(20_000);
          }
        })(),
      );
    });
    const body = await (await fetch(url)).text();
    expect(body.replaceAll(" ", "")).toBe(
      range(20)
        .map((i) => `${i}:${i + 1};`)
        .join(""),
    );
    expect(scope?.stats().commands).toBe(20);
    await eventually("the scope is closed", () => scope?.redis.tickpipe.currentScope() === undefined);
  });

  it("lets a handler finish what it began when the client hangs up, and serves the next one", async () => {
    const redis = tickpipe(redisServer.client());
    let address = "";
    const hungUp = new Promise<unknown[]>((resolve, reject) => {
      const handler: Handler = async ({ redis: own, res }) => {
        if (visit.destroyed) return "served";
        const closed = once(res, "close");
        visit.destroy();
        await closed;
        resolve(await Promise.all([own.incr("counter"), redis.incr("counter")]));
        return "";
      };
      let visit: ReturnType<typeof visitor>;
      start(redis, handler).then(({ url }) => {
        visit = visitor(url);
        address = url;
      }, reject);
    });
    expect(await hungUp).toEqual([1, 2]);
    expect(await (await fetch(address)).text()).toBe("served");
  });

  it("with abortable sends nothing that is called after the client hung up, and serves the next one", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const redis = tickpipe(redisServer.client());
    const hungUp = new Promise<unknown[]>((resolve, reject) => {
      const handler: Handler = async ({ redis: own, res }) => {
        if (visit.destroyed) return "served";
        await own.incr("counter");
        const closed = once(res, "close");
        visit.destroy();
        await closed;
        const codes = await Promise.all([own.incr("counter"), redis.incr("counter")].map(codeOf));
        resolve(codes);
        await own.incr("counter");
        return "not reached";
      };
      let visit: ReturnType<typeof visitor>;
      start(redis, handler, { abortable: true }).then(({ url }) => {
        visit = visitor(url);
        address = url;
      }, reject);
    });
    let address = "";
    expect(await hungUp).toEqual(["ERR_TICKPIPE_ABORTED", "no error"]);
    expect(await redis.get("counter")).toBe("2");
    expect(await (await fetch(address)).text()).toBe("served");
    expect(logged).not.toHaveBeenCalled();
  });

  it("with abortable aborts the scope of a streamed body when the client hangs up", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const redis = tickpipe(redisServer.client());
    let visit: ReturnType<typeof visitor> | undefined;
    const ended = new Promise<unknown>((resolve, reject) => {
      const handler: Handler = async ({ redis: own, res }) =>
        Readable.from(
          (async function* () {
            yield String(await own.incr("chunks"));
            const closed = once(res, "close");
            visit?.destroy();
            await closed;
            resolve(await codeOf(own.incr("chunks")));
            yield "never read";
          })(),
        );
      start(redis, handler, { abortable: true }).then(({ url }) => {
        visit = visitor(url);
      }, reject);
    });
    expect(await ended).toBe("ERR_TICKPIPE_ABORTED");
    expect(await redis.get("chunks")).toBe("1");
  });

  it("shows the inspector whose calls they are", async () => {
    const redis = tickpipe(redisServer.client());
    const listener = await framework.listener(redis, async ({ redis: own }) => String(await own.get("k")));
    const { url } = await listen(inspected(redis, listener));
    const response = await fetch(`${url}posts?secret=1`);
    expect(await response.text()).toBe("null");
    const address = response.headers.get("x-tickpipe-inspect");
    expect(address).toMatch(/^\/_tickpipe\/r\//);
    const shown = await (await fetch(new URL(`${address}.json`, url))).json();
    expect(shown).toMatchObject({ method: "GET", route: "/posts", status: 200, roundTrips: 1 });
  });

  it("with abortable refuses the calls of a client that hung up before the scope was opened", async () => {
    const redis = tickpipe(redisServer.client());
    vi.spyOn(console, "error").mockImplementation(() => {});
    const late = new Promise<unknown>((resolve, reject) => {
      let visit: ReturnType<typeof visitor>;
      const handler: Handler = async ({ res }) => {
        const closed = once(res, "close");
        visit.destroy();
        await closed;
        resolve(await codeOf(requestScope(redis, res, { abortable: true }).redis.incr("counter")));
        return "";
      };
      start(redis, handler).then(({ url }) => {
        visit = visitor(url);
      }, reject);
    });
    expect(await late).toBe("ERR_TICKPIPE_ABORTED");
  });
});
