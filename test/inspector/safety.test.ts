import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { tickpipe } from "@tickpipe/core";
import { type InspectorOptions, inspector } from "@tickpipe/inspector";
import express from "express";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { range, useServer } from "../engine.ts";
import { type ServedApp, serveApp, waterfallOf } from "./served-app.ts";

const server = useServer();
const open: { close(): unknown }[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const each of open.splice(0)) await each.close();
});

async function serve(options?: InspectorOptions): Promise<ServedApp> {
  const served = await serveApp(server.client(), options);
  open.push(served);
  return served;
}

/** The status of a request with headers of one's own; fetch does not let go of Host. */
function statusOf(base: string, headers: Record<string, string>, path = "/_tickpipe/"): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(`${base}${path}`, { headers }, (res) => {
      res.resume();
      resolve(res.statusCode ?? 0);
    });
    asked.on("error", reject).end();
  });
}

/** An address of this machine that is not its loopback. */
const outside = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ internal, family }) => !internal && family === "IPv4")?.address;

describe("outside of production", () => {
  it("answers this machine by its local names, and nobody else", async () => {
    const { base } = await serve();
    expect(await statusOf(base, {})).toBe(200);
    expect(await statusOf(base, { host: "localhost:3000" })).toBe(200);
    expect(await statusOf(base, { host: "app.localhost" })).toBe(200);
    expect(await statusOf(base, { host: "[::1]:3000" })).toBe(200);
    expect(await statusOf(base, { host: "evil.example" }), "a name that was made to point here").toBe(403);
    expect(await statusOf(base, { host: "127.0.0.1.evil.example" })).toBe(403);
    expect(await statusOf(base, { "x-forwarded-for": "127.0.0.1" }), "through a proxy").toBe(403);
    expect(await statusOf(base, { forwarded: "for=10.0.0.1" })).toBe(403);
    expect(await statusOf(base, { "x-forwarded-proto": "https" }), "a proxy that sets no more than that").toBe(403);
    expect(await statusOf(base, { "cf-ray": "1" }), "a CDN's tunnel to this machine").toBe(403);
  });

  it.skipIf(outside === undefined)("answers another address with 403, whatever is asked for", async () => {
    const redis = tickpipe(server.client());
    const page = inspector(redis);
    const http = createServer(express().use("/_tickpipe", page)).listen(0, "0.0.0.0");
    open.push(page, http);
    await once(http, "listening");
    const { port } = http.address() as AddressInfo;
    for (const path of ["/", "/requests.json", "/events", "/r/a-1", "/r/a-1.json", "/assets/main.js"]) {
      const status = await statusOf(`http://${outside}:${port}`, { host: "localhost" }, `/_tickpipe${path}`);
      expect(status, path).toBe(403);
    }
  });

  it("answers others where it was told to", async () => {
    const { base } = await serve({ allowRemote: true });
    expect(await statusOf(base, { host: "evil.example" })).toBe(200);
  });

  it("asks authorize as well, and takes nothing but true for yes", async () => {
    const answers: unknown[] = [true, false, 1, "yes", Promise.resolve(true), Promise.resolve(false)];
    const { base } = await serve({ authorize: () => answers.shift() as boolean });
    const statuses = [];
    while (answers.length > 0) statuses.push(await statusOf(base, {}));
    expect(statuses).toEqual([200, 403, 403, 403, 200, 403]);
  });

  it("takes an authorize that fails for no", async () => {
    const thrown = await serve({ authorize: () => Promise.reject(new Error("down")) });
    expect(await statusOf(thrown.base, {})).toBe(403);
  });
});

describe("with NODE_ENV=production", () => {
  beforeEach(() => vi.stubEnv("NODE_ENV", "production"));

  it("is off: it records nothing, sends no header and serves no page", async () => {
    const { app, base, redis } = await serve();
    app.get("/a", async (req, res) => {
      expect(req.redis.tickpipe.currentScope()?.record()).toBeUndefined();
      res.json(await redis.get("x"));
    });
    const response = await fetch(`${base}/a`);
    expect([response.status, response.headers.get("x-tickpipe-inspect")]).toEqual([200, null]);
    expect(await statusOf(base, {}), "the app's own 404").toBe(404);
  });

  it("refuses enabled: true without an authorize, when it is made", () => {
    const attempt = () => inspector(tickpipe(server.client()), { enabled: true });
    expect(attempt).toThrow(expect.objectContaining({ code: "ERR_TICKPIPE_INSPECTOR_OPEN", name: "TickpipeError" }));
    expect(attempt).toThrow("authorize");
  });

  it("prints nothing", async () => {
    const { app, base, page } = await serve({ enabled: true, authorize: () => true });
    const lines: string[] = [];
    page.log((line) => lines.push(line));
    app.get("/a", async (req, res) => {
      for (const id of range(4)) await req.redis.get(`key:${id}`);
      res.json("ok");
    });
    expect((await waterfallOf(base, "/a")).problems).toHaveLength(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines).toEqual([]);
  });

  it("lets authorize decide alone, also for others than this machine", async () => {
    const { base } = await serve({ enabled: true, authorize: (req) => req.headers["x-key"] === "right" });
    expect(await statusOf(base, { host: "app.example", "x-forwarded-for": "10.0.0.1", "x-key": "right" })).toBe(200);
    expect(await statusOf(base, {})).toBe(403);
  });
});

describe("what is served", () => {
  it("is bound to its own origin, and is read, not written", async () => {
    const { base } = await serve();
    for (const path of ["/", "/requests.json", "/assets/main.js", "/r/a-1"]) {
      const answer = await fetch(`${base}/_tickpipe${path}`);
      await answer.text();
      const policy = answer.headers.get("content-security-policy");
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'");
      expect(policy).not.toContain("unsafe");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    }
    expect((await fetch(`${base}/_tickpipe/`, { method: "POST" })).status).toBe(405);
  });

  it.each([
    "../package.json",
    "..%2fpackage.json",
    "%2e%2e/x.js",
    "page.html",
    "main.d.ts",
    "gone.js",
    "library/gone.js",
  ])("is none of the machine's other files: assets/%s", async (name) => {
    const { base } = await serve();
    expect([403, 404]).toContain(await statusOf(base, {}, `/_tickpipe/assets/${name}`));
  });

  it("holds no value, of no kind of call", async () => {
    const canary = "canary-7f3a";
    const { app, base } = await serve();
    app.get("/a", async (req, res) => {
      await req.redis.set("key", canary, "EX", 60);
      await req.redis.hset("hash", "field", canary);
      await req.redis.hset("hash", { [canary]: canary });
      await req.redis.lpush("list", canary, Buffer.from(canary));
      await Promise.all([req.redis.get("key"), req.redis.hgetall("hash"), req.redis.lrangeBuffer("list", 0, -1)]);
      await req.redis.pipeline().set("key", canary).get("key").exec();
      await req.redis.multi().append("key", canary).get("key").exec();
      await req.redis.eval("return redis.call('GET', KEYS[1]) .. ARGV[1]", 1, "key", canary);
      await req.redis.hincrby("hash", canary, 1).catch(() => {});
      await req.redis.call("ECHO", canary);
      res.json("ok");
    });
    const detail = await waterfallOf(base, "/a?q=canary-7f3a");
    expect(detail.calls.length).toBeGreaterThan(10);
    const list = await (await fetch(`${base}/_tickpipe/requests.json`)).text();
    // This file's own source lines, which a finding may quote, name it by its variable.
    expect(`${JSON.stringify(detail)}${list}`).not.toContain(canary);
  });

  it("shows of keys what redact leaves of them", async () => {
    const { app, base } = await serve({
      redact: (key) => {
        if (key === "broken") throw new Error("no");
        return key === "odd" ? (undefined as never) : key.replace(/\d+/, "N");
      },
    });
    app.get("/a", async (req, res) => {
      await Promise.all(["user:42", "broken", "odd"].map((key) => req.redis.get(key)));
      res.json("ok");
    });
    const { calls } = await waterfallOf(base, "/a");
    expect(calls.map(({ keys }) => keys)).toEqual([["user:N"], ["(hidden)"], ["(hidden)"]]);
  });

  it("shows of a path, and of where a router is mounted, no more than 512 characters", async () => {
    const { app, base } = await serve();
    const router = express.Router();
    router.get("/:name", async (req, res) => {
      await req.redis.get("x");
      res.json("ok");
    });
    app.use("/of/:user", router);
    const long = "a".repeat(5_000);
    const { path, route } = await waterfallOf(base, `/of/${long}/b?${long}`);
    expect([path?.length, route.length]).toEqual([512, 512]);
    expect(path).toMatch(/^\/of\/a+…$/);
  });

  it("has keys that are markup, line ends, endless or no text, as data", async () => {
    const keys = ["<script>alert(1)</script>\"'", "a\r\nSet-Cookie: x=1", "k".repeat(1024 * 1024)];
    const { app, base } = await serve();
    app.get("/a", async (req, res) => {
      await Promise.all([...keys, Buffer.from([0xff, 0xfe, 0])].map((key) => req.redis.get(key)));
      res.json("ok");
    });
    const detail = await waterfallOf(base, "/a");
    expect(detail.calls[0]?.keys).toEqual([keys[0]]);
    expect(detail.calls[1]?.keys).toEqual([keys[1]]);
    expect(JSON.stringify(detail).length).toBeLessThan(10_000);
    const answer = await fetch(`${base}/_tickpipe/r/${detail.id}.json`);
    expect(answer.headers.get("content-type")).toContain("application/json");
  });
});
