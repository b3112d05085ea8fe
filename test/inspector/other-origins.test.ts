import { request } from "node:http";
import { text } from "node:stream/consumers";
import { tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import { type InspectorOptions, inspector } from "@tickpipe/inspector";
import cors from "cors";
import express from "express";
import { afterEach, describe, expect, it, vi } from "vitest";
import { useServer } from "../engine.ts";
import { listen, waterfallOf } from "./served-app.ts";

const server = useServer();
const open: { close(): unknown }[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const each of open.splice(0)) await each.close();
});

/** An app whose responses any page may read, with the inspector behind that. */
async function readableApp(options: InspectorOptions = {}): Promise<string> {
  const redis = tickpipe(server.client());
  const page = inspector(redis, options);
  const app = express();
  app.use(cors({ origin: true, credentials: true }));
  app.use(perRequest(redis));
  app.get("/secret", async (req, res) => {
    res.json(await req.redis.get("secret-key"));
  });
  app.use("/_tickpipe", page);
  const { base, close } = await listen(app);
  open.push(page, { close });
  return base;
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly allowed: unknown;
}

function ask(address: string, headers: Record<string, string>, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(address, { headers, method, agent: false }, async (res) => {
      const allowed = res.headers["access-control-allow-origin"];
      // Of an event stream, its beginning.
      const body = res.headers["content-type"]?.startsWith("text/event-stream") ? "(open)" : await text(res);
      asked.destroy();
      resolve({ status: res.statusCode, body, allowed });
    });
    asked.on("error", reject).end();
  });
}

const PATHS = ["/", "", "/requests.json", "/events", "/assets/main.js", "/r/a-1", "/gone"];
const EVIL = { origin: "https://evil.example" };
const FOREIGN: Record<string, string>[] = [
  EVIL,
  { origin: "null" },
  { origin: "http://localhost:1" },
  { ...EVIL, "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" },
  { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" },
  { "sec-fetch-site": "same-site" },
  { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" },
];

describe("a page of another origin, where the application lets any page read its responses", () => {
  it("is answered with 403 and nothing more, on every path and by every method", async () => {
    const base = await readableApp();
    const { id } = await waterfallOf(base, "/secret");
    for (const headers of FOREIGN) {
      for (const path of [...PATHS, `/r/${id}.json`]) {
        for (const method of ["GET", "HEAD", "POST"]) {
          const { status, body, allowed } = await ask(`${base}/_tickpipe${path}`, headers, method);
          const what = `${method} ${path} ${JSON.stringify(headers)}`;
          expect([status, allowed], what).toEqual([403, undefined]);
          expect(body, what).toEqual(method === "HEAD" ? "" : expect.stringMatching(/^A page of another origin asked/));
        }
      }
    }
  });

  it("is refused in production as well, and where other machines are let in, before authorize is asked", async () => {
    const authorize = vi.fn(() => true);
    const remote = await readableApp({ allowRemote: true, authorize });
    expect((await ask(`${remote}/_tickpipe/requests.json`, EVIL)).status).toBe(403);
    vi.stubEnv("NODE_ENV", "production");
    const production = await readableApp({ enabled: true, authorize });
    expect((await ask(`${production}/_tickpipe/requests.json`, EVIL)).status).toBe(403);
    expect(authorize).not.toHaveBeenCalled();
    expect((await ask(`${production}/_tickpipe/requests.json`, {})).status).toBe(200);
  });

  it("is told nothing of OPTIONS where nobody answered that before", async () => {
    const page = inspector(tickpipe(server.client()));
    const { base, close } = await listen((req, res) => page(req, res, () => res.end("passed on")));
    open.push(page, { close });
    expect(await ask(`${base}/_tickpipe/events`, EVIL, "OPTIONS")).toMatchObject({ status: 403 });
    expect(await ask(`${base}/_tickpipe/events`, {}, "OPTIONS")).toMatchObject({ status: 405 });
  });

  it("may have a link to the page, which holds nothing and asks for the rest itself", async () => {
    const base = await readableApp();
    const { id } = await waterfallOf(base, "/secret");
    const followed = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    for (const path of ["/", `/r/${id}`]) {
      const { status, body } = await ask(`${base}/_tickpipe${path}`, followed);
      expect([status, body.includes("secret")]).toEqual([200, false]);
    }
    for (const path of ["/requests.json", "/events", `/r/${id}.json`]) {
      expect((await ask(`${base}/_tickpipe${path}`, followed)).status, path).toBe(403);
    }
  });
});

it("the page's own origin reads all of it, and nothing that the application put on its responses lets another", async () => {
  const base = await readableApp();
  await waterfallOf(base, "/secret");
  for (const path of PATHS) {
    const { status, allowed } = await ask(`${base}/_tickpipe${path}`, {
      origin: base,
      "sec-fetch-site": "same-origin",
    });
    expect([status, allowed], path).toEqual([path === "" ? 302 : path === "/gone" ? 404 : 200, undefined]);
  }
});
