import { createServer } from "node:http";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import { inspector, type RequestsMessage } from "@tickpipe/inspector";
import { eventually } from "@tickpipe/test-support";
import express5 from "express";
import express4 from "express4";
import type { Redis } from "ioredis";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { range, useServer } from "../engine.ts";
import { listen, serveApp, waterfallOf } from "./served-app.ts";

const server = useServer();
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});
const kept = <T extends { close(): unknown }>(each: T): T => {
  open.push(each);
  return each;
};

// Its types are those of another version; what the tests call is alike in both.
const versions = [
  { name: "Express 5", express: express5 },
  { name: "Express 4", express: express4 as unknown as typeof express5 },
];

const listed = async (base: string, path = "/_tickpipe"): Promise<RequestsMessage["requests"]> => {
  const answer = await fetch(`${base}${path}/requests.json`);
  return ((await answer.json()) as RequestsMessage).requests;
};

describe.each(versions)("the inspector in $name", ({ express }) => {
  it("shows each request with its route, its status, its time and its calls", async () => {
    const { app, base } = kept(await serveApp(server.client(), {}, express));
    app.get("/posts/:id", async (req, res) => {
      await Promise.all([req.redis.get(`post:${req.params.id}`), req.redis.get("settings")]);
      await req.redis.hgetall("user:1");
      res.status(418).json("ok");
    });
    const detail = await waterfallOf(base, "/posts/7?token=hidden");
    expect(detail).toMatchObject({ method: "GET", route: "/posts/:id", path: "/posts/7", status: 418 });
    expect(detail).toMatchObject({ commands: 3, roundTrips: 2, errors: 0, batches: [2, 1] });
    expect(detail.totalMs).toBeGreaterThanOrEqual(detail.redisMs);
    expect(detail.calls.map(({ method, keys, roundTrip }) => [method, ...keys, roundTrip])).toEqual([
      ["get", "post:7", 1],
      ["get", "settings", 1],
      ["hgetall", "user:1", 2],
    ]);
    expect(detail.calls[2]?.at).toMatchObject({ file: expect.stringMatching(/page\.test\.ts$/) });
    expect(await listed(base)).toMatchObject([{ id: detail.id, route: "/posts/:id" }]);
  });

  it("names routes of routers by where they are mounted, and errors by their code", async () => {
    const { app, base } = kept(await serveApp(server.client(), {}, express));
    const router = express.Router();
    router.get("/:id", async (req, res) => {
      await req.redis.set("text", "a");
      await req.redis.incr("text").catch(() => {});
      res.json("ok");
    });
    app.use("/posts", router);
    const detail = await waterfallOf(base, "/posts/7");
    expect(detail).toMatchObject({ route: "/posts/:id", errors: 1 });
    expect(detail.calls[1]).toMatchObject({ outcome: "error", error: "ERR" });
  });

  it("sends a browser to the folder, so that the page's links hold wherever it is mounted", async () => {
    const redis = tickpipe(server.client());
    const page = kept(inspector(redis));
    const app = express();
    app.use("/admin/redis", page);
    const { base } = kept(await listen(app));
    const first = await fetch(`${base}/admin/redis?x`, { redirect: "manual" });
    expect([first.status, first.headers.get("location")]).toEqual([302, "./redis/"]);
    const html = await (await fetch(`${base}/admin/redis/`)).text();
    expect(html).toContain('src="./assets/main.js"');
    expect(await (await fetch(`${base}/admin/redis/r/abc-1`)).text()).toContain('src="../assets/main.js"');
    expect((await fetch(`${base}/admin/redis/assets/main.js`)).status).toBe(200);
  });
});

describe("the inspector", () => {
  it("is reached by the permalink in each response's header", async () => {
    const redis = tickpipe(server.client());
    const page = kept(inspector(redis, { path: "/debug/redis" }));
    const app = express5();
    app.use(perRequest(redis));
    app.get("/", async (req, res) => {
      res.json(await req.redis.get("x"));
    });
    app.use("/other", page);
    const { base } = kept(await listen(app));
    const permalink = async (path: string) => (await fetch(`${base}${path}`)).headers.get("x-tickpipe-inspect");
    expect(await permalink("/")).toMatch(/^\/debug\/redis\/r\/[\w-]+$/);
    expect(await permalink("/other/requests.json"), "its own responses have none").toBeNull();
    expect(await permalink("/"), "once it was asked for it knows where it is").toMatch(/^\/other\/r\/[\w-]+$/);
  });

  it("sends no header where it is not to", async () => {
    const { app, base } = kept(await serveApp(server.client(), { header: false }));
    app.get("/", (_req, res) => void res.json("ok"));
    expect((await fetch(base)).headers.get("x-tickpipe-inspect")).toBeNull();
  });

  it("works with plain node:http, and leaves all other paths alone", async () => {
    const redis = tickpipe(server.client());
    const page = kept(inspector(redis));
    const each = perRequest(redis);
    const http = createServer((req, res) =>
      page(req, res, () =>
        each(req, res, async () => {
          const { redis: own } = req as unknown as { redis: Tickpiped<Redis> };
          res.end(await own.get("x"));
        }),
      ),
    );
    const { base } = kept(await listen((req, res) => http.emit("request", req, res)));
    expect(await waterfallOf(base, "/some/path")).toMatchObject({ route: "/some/path", commands: 1 });
    expect((await fetch(`${base}/_tickpipe/`)).headers.get("content-type")).toContain("text/html");
    const first = await fetch(`${base}/_tickpipe`, { redirect: "manual" });
    expect([first.status, first.headers.get("location")]).toEqual([302, "./_tickpipe/"]);
    expect(await (await fetch(`${base}/_tickpipes`)).text()).toBe("");
  });

  it("answers HEAD as GET, without the body, and has a page's files asked for anew but sent only if they have changed", async () => {
    const { base } = kept(await serveApp(server.client()));
    const [got, head] = [await fetch(`${base}/_tickpipe/`), await fetch(`${base}/_tickpipe/`, { method: "HEAD" })];
    const html = await got.text();
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(head.headers.get("content-length")).toBe(String(Buffer.byteLength(html)));
    const asset = `${base}/_tickpipe/assets/main.js`;
    const tag = (await fetch(asset)).headers.get("etag") ?? "";
    const [same, other] = await Promise.all(
      [tag, '"another"'].map((each) => fetch(asset, { headers: { "if-none-match": each } })),
    );
    expect([same?.status, await same?.text(), other?.status]).toEqual([304, "", 200]);
    expect(same?.headers.get("content-length")).toBeNull();
  });

  it("writes no body where none is to be sent, which a server may be set to refuse", async () => {
    const page = kept(inspector(tickpipe(server.client())));
    const failed: unknown[] = [];
    const { base } = kept(
      await listen(
        (req, res) =>
          page(req, res, (error) => {
            failed.push(error);
            res.end();
          }),
        { rejectNonStandardBodyWrites: true },
      ),
    );
    const asset = `${base}/_tickpipe/assets/page.css`;
    const head = await fetch(asset, { method: "HEAD" });
    const same = await fetch(asset, { headers: { "if-none-match": head.headers.get("etag") ?? "" } });
    expect([head.status, same.status, failed]).toEqual([200, 304, []]);
  });

  it("shows a call that had to wait behind a blocking one of another request", async () => {
    const { app, redis, base } = kept(await serveApp(server.client()));
    const other = server.client();
    app.get("/behind", async (req, res) => {
      const blocked = redis.blpop("queue", 0);
      const read = req.redis.get("x");
      await other.rpush("queue", "job");
      await Promise.all([blocked, read]);
      res.json("ok");
    });
    const { problems, calls } = await waterfallOf(base, "/behind");
    const [found] = problems.filter(({ kind }) => kind === "behind-blocking");
    expect(found?.calls.map((index) => calls[index]?.method)).toEqual(["get"]);
  });

  it("shows what a request calls by the module's own client, which is only observed, as well", async () => {
    const { app, redis, base } = kept(await serveApp(server.client()));
    app.get("/own", async (req, res) => {
      await Promise.all([req.redis.get("a"), redis.get("b")]);
      for (const id of range(3)) await redis.get(`key:${id}`);
      res.json("ok");
    });
    const detail = await waterfallOf(base, "/own");
    expect(detail).toMatchObject({ commands: 5, roundTrips: 4, findings: ["await-in-loop"] });
    expect(detail.calls.map(({ keys }) => keys[0])).toEqual(["a", "b", "key:0", "key:1", "key:2"]);
  });

  it("shows a scope without a name as such", async () => {
    const { redis, base } = kept(await serveApp(server.client()));
    const scope = redis.tickpipe.scope();
    await scope.redis.get("x");
    scope.close();
    expect(await listed(base)).toMatchObject([{ route: "a scope without a name", method: null }]);
  });

  it("shows scopes that are no requests by their names, and leaves out those that called nothing", async () => {
    const { redis, base } = kept(await serveApp(server.client()));
    redis.tickpipe.scope({ name: "idle" }).close();
    const scope = redis.tickpipe.scope({ name: "nightly report" });
    await scope.redis.get("x");
    scope.close();
    expect(await listed(base)).toMatchObject([{ route: "nightly report", method: null, status: null }]);
  });

  it("shows a request whose browser hung up as one without a status", async () => {
    const { app, base } = kept(await serveApp(server.client()));
    let reached = (): void => {};
    const atTheEnd = new Promise<void>((resolve) => {
      reached = resolve;
    });
    app.get("/slow", async (req, _res) => {
      await req.redis.get("x");
      reached();
    });
    const hangUp = new AbortController();
    const asked = fetch(`${base}/slow`, { signal: hangUp.signal }).catch(() => {});
    await atTheEnd;
    hangUp.abort();
    await asked;
    await eventually("the request is listed", async () => (await listed(base)).length === 1);
    expect(await listed(base)).toMatchObject([{ route: "/slow", status: null }]);
  });

  it("keeps so many requests as asked, the newest", async () => {
    const { app, base } = kept(await serveApp(server.client(), { maxRequests: 3 }));
    app.get("/:id", async (req, res) => {
      res.json(await req.redis.get("x"));
    });
    const first = await waterfallOf(base, "/0");
    for (const id of [1, 2, 3]) await waterfallOf(base, `/${id}`);
    expect(await listed(base)).toHaveLength(3);
    const gone = await fetch(`${base}/_tickpipe/r/${first.id}.json`);
    expect([gone.status, await gone.text()]).toEqual([404, expect.stringContaining("made room")]);
  });

  it("records so many requests a second, counts the rest, and counts none that called nothing", async () => {
    const { app, base, redis } = kept(await serveApp(server.client(), { maxPerSecond: 2 }));
    app.get("/a", async (req, res) => {
      res.json(await req.redis.get("x"));
    });
    for (let i = 0; i < 50; i++) redis.tickpipe.scope().close();
    const answers = await Promise.all(range(50).map(() => fetch(`${base}/a`)));
    const recorded = answers.filter(({ headers }) => headers.has("x-tickpipe-inspect")).length;
    // Two at once, and two more for each second that the rest took.
    expect(recorded).toBeGreaterThanOrEqual(2);
    expect(recorded).toBeLessThan(50);
    await eventually("those are listed", async () => (await listed(base)).length === recorded);
    const { skipped } = (await (await fetch(`${base}/_tickpipe/requests.json`)).json()) as RequestsMessage;
    expect(skipped).toBeGreaterThanOrEqual(50 - recorded);
  });

  it("tells open pages of requests as they come", async () => {
    const { app, base } = kept(await serveApp(server.client()));
    app.get("/a", async (req, res) => {
      res.json(await req.redis.get("x"));
    });
    await waterfallOf(base, "/a");
    const leave = new AbortController();
    const stream = await fetch(`${base}/_tickpipe/events`, { signal: leave.signal });
    expect(stream.headers.get("content-type")).toContain("text/event-stream");
    let text = "";
    const reading = (async () => {
      for await (const part of stream.body ?? []) text += Buffer.from(part).toString();
    })().catch(() => {});
    await eventually("all that is there comes first", () => /event: all\ndata: .*"route":"\/a"/.test(text));
    await waterfallOf(base, "/a?again");
    await eventually("then what is new", () => /event: more\ndata: .*"route":"\/a"/.test(text));
    leave.abort();
    await reading;
  });

  it("prints a line for each request with findings, with no key in it, if it is asked to", async () => {
    const { app, base, page } = kept(await serveApp(server.client()));
    const lines: string[] = [];
    page.log((line) => lines.push(line));
    app.get("/fine", async (req, res) => {
      res.json(await req.redis.get("x"));
    });
    app.get("/slow", async (req, res) => {
      for (const id of range(4)) await req.redis.get(`secret:${id}`);
      res.json("ok");
    });
    await waterfallOf(base, "/fine");
    const { id } = await waterfallOf(base, "/slow");
    await eventually("the line is printed", () => lines.length > 0);
    expect(lines).toEqual([
      expect.stringMatching(/^GET \/slow 200, [\d.]+ ms: 4 round trips, 1 possible\. get: 4 calls in a loop, /),
    ]);
    expect(lines[0]).toMatch(new RegExp(`/_tickpipe/r/${id}$`));
    expect(lines[0]).not.toContain("secret");
  });

  it("prints to the standard error output where it is given nothing to print with", async () => {
    const { app, base, page } = kept(await serveApp(server.client()));
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    onTestFinished(() => void write.mockRestore());
    page.log();
    app.get("/slow", async (req, res) => {
      for (const id of range(4)) await req.redis.get(`key:${id}`);
      res.json("ok");
    });
    await waterfallOf(base, "/slow");
    await eventually("the line is printed", () => write.mock.calls.length > 0);
    expect(write.mock.calls).toEqual([[expect.stringMatching(/^GET \/slow 200, .*\n$/)]]);
  });

  it("offers the JSON as a file", async () => {
    const { app, base } = kept(await serveApp(server.client()));
    app.get("/a", async (req, res) => {
      res.json(await req.redis.get("x"));
    });
    const { id } = await waterfallOf(base, "/a");
    const answer = await fetch(`${base}/_tickpipe/r/${id}.json?download`);
    expect(answer.headers.get("content-disposition")).toBe(`attachment; filename="tickpipe-${id}.json"`);
  });

  it("records no more once it is closed, and forgets", async () => {
    const { app, base, page } = kept(await serveApp(server.client()));
    app.get("/a", async (req, res) => {
      res.json(await req.redis.get("x"));
    });
    await waterfallOf(base, "/a");
    page.close();
    expect((await fetch(`${base}/a`)).headers.get("x-tickpipe-inspect")).toBeNull();
    expect((await fetch(`${base}/_tickpipe/`)).status, "the app's own 404").toBe(404);
  });
});
