import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { eventually, HOST, type RunningServer, startFaultProxy, startRedisServer } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

let redisServer: RunningServer;
beforeAll(async () => {
  redisServer = await startRedisServer();
});
afterAll(() => redisServer.stop());

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  /** All that it has written. */
  said(): string;
  /** Ends it as its user would; its exit code and all that it wrote to the standard error output. */
  stop(): Promise<{ code: number | null; stderr: string }>;
}

/** Starts a program of the examples, and waits for the address that it prints. */
async function start(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Started> {
  const path = fileURLToPath(new URL(`../../examples/${program}.js`, import.meta.url));
  const { REDIS_URL: _, REDIS_NODES: __, PORT: ___, ...inherited } = process.env;
  const child = spawn(process.execPath, [path, ...args], { env: { ...inherited, ...env } });
  const closed = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await closed;
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data) => {
    stdout += data;
  });
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  await eventually("it prints its address, or has ended", () => stdout.endsWith("\n") || child.exitCode !== null);
  const stop = async () => {
    child.kill("SIGTERM");
    const [code] = await closed;
    return { code, stderr };
  };
  if (child.exitCode !== null) {
    await closed; // what it has written may come after its exit code
    throw new Error(`It ended: ${stderr}`);
  }
  return { child, url: stdout.trim(), said: () => stdout + stderr, stop };
}

const get = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, body: await response.json() };
};

function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  return new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(false));
    socket.once("error", () => resolve(true));
  }).finally(() => socket.destroy());
}

const withRedis = () => ({ REDIS_URL: `redis://${HOST}:${redisServer.port}` });
const quietEnd = { code: 0, stderr: "" };

describe("the programs of the examples", () => {
  it.each(["node-http", "fastify"])("frameworks, with %s", async (name) => {
    const { url, stop } = await start("frameworks/dist/server", [name], withRedis());
    const posts = Array.from({ length: 20 }, (_, i) => ({ id: String(i + 1), title: `Post ${i + 1}` }));
    expect(await get(`${url}/posts`)).toEqual({ status: 200, body: posts });
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
    const { body } = await get(`${url}/_tickpipe/requests.json`);
    expect(body).toMatchObject({ requests: [{ method: "GET", route: "/posts", status: 200, roundTrips: 2 }] });
    expect(await stop()).toEqual(quietEnd);
  });

  it.each(["node-http", "express", "fastify", "koa", "hono"])(
    "frameworks, with %s, which logs an error of Redis without the command's arguments",
    async (name) => {
      // Express logs nothing under a test runner.
      const env = { ...withRedis(), NODE_ENV: "development" };
      const { url, said, stop } = await start("frameworks/dist/server", [name], env);
      const aside = new Redis(redisServer.port, HOST);
      onTestFinished(() => aside.disconnect());
      await aside.set("posts", "no list");
      expect((await fetch(`${url}/posts`)).status).toBe(500);
      await stop();
      expect(said()).toContain("WRONGTYPE");
      expect(said()).not.toContain("args");
    },
  );

  it("graphql", async () => {
    const { url, stop } = await start("graphql/dist/server", [], withRedis());
    const query = encodeURIComponent("{ posts(first: 2) { title likes author { name } } }");
    const { status, body } = await get(`${url}/graphql?query=${query}`);
    const posts = [1, 2].map((i) => ({ title: `Post ${i}`, likes: i, author: { name: `User u${i}` } }));
    expect([status, body]).toEqual([200, { data: { posts } }]);
    expect(await stop()).toEqual(quietEnd);
  });

  it("sessions", async () => {
    const { url, stop } = await start("sessions/dist/server", [], withRedis());
    const headers = { "content-type": "application/json" };
    const signedIn = await fetch(`${url}/session`, { method: "POST", headers, body: '{"name":"Ann"}' });
    const [cookie = ""] = (signedIn.headers.get("set-cookie") ?? "").split(";");
    const me = await fetch(`${url}/me`, { headers: { cookie } });
    expect(await me.json()).toEqual({ name: "Ann", visits: 1, unread: 0, likes: 0 });
    expect(await stop()).toEqual(quietEnd);
  });

  it("sessions, which in production want a secret", async () => {
    const attempt = start("sessions/dist/server", [], { ...withRedis(), NODE_ENV: "production" });
    await expect(attempt).rejects.toThrow("Set SESSION_SECRET");
  });

  it("answers the requests that have begun when it is told to stop, and only then ends its client", async () => {
    const proxy = await startFaultProxy(redisServer.port);
    onTestFinished(() => proxy.stop());
    const aside = new Redis(redisServer.port, HOST);
    onTestFinished(() => aside.disconnect());
    const { child, url, stop } = await start("frameworks/dist/server", ["node-http"], {
      REDIS_URL: `redis://${HOST}:${proxy.port}`,
    });
    await aside.config("RESETSTAT");
    proxy.strike("delay");
    const answer = get(`${url}/posts`);
    await eventually("the request's first call has reached Redis", async () =>
      (await aside.info("commandstats")).includes("cmdstat_lrange:calls=1,"),
    );
    const ended = stop();
    await eventually("it takes no more connections", () => isRefused(Number(new URL(url).port)));
    expect(child.exitCode).toBeNull();
    proxy.strike("none");
    expect((await answer).body).toHaveLength(20);
    expect(await ended).toEqual(quietEnd);
  });
});

describe("pnpm example", () => {
  it("starts an example with a Redis, says what to try, and stops both", async () => {
    const { url, stop } = await start("server/dist/run", ["koa"]);
    expect((await get(`${url}/posts`)).status).toBe(200);
    expect(await stop()).toEqual({ code: 0, stderr: `Try:\n  curl ${url}/posts\nStop with Ctrl-C.\n` });
  });

  it("starts a Redis Cluster where one is needed", async () => {
    const { url, stop } = await start("server/dist/run", ["cluster"]);
    expect((await fetch(`${url}/carts/ann/p1`, { method: "POST" })).status).toBe(204);
    expect((await get(`${url}/carts/ann`)).body).toMatchObject({ lines: [{ product: "p1", count: 1 }], total: 100 });
    expect(await stop()).toMatchObject({ code: 0 });
  });

  it("names the examples that there are", async () => {
    await expect(start("server/dist/run", ["unknown"])).rejects.toThrow("NAME is one of: node-http, express, fastify");
  });
});
