import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { countRoundTrips } from "@tickpipe/core/testing";
import { perRequest } from "@tickpipe/express";
import { countSocketWrites, eventually } from "@tickpipe/test-support";
import express, { type NextFunction, type Request, type Response } from "express";
import type { Redis } from "ioredis";
import request from "supertest";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  handleErrors,
  inProduction,
  inSeries,
  serve,
  stopOnSigterm,
  switchedOff,
  together,
  watch,
  wrap,
} from "../../examples/docs/src/guide.ts";
import { range } from "../engine.ts";
import { anchorsOf } from "./links.ts";
import { usePageServer } from "./page-server.ts";
import { read } from "./pages.ts";

const page = usePageServer();

describe("docs/guide.md", () => {
  let redis: Tickpiped<Redis>;
  beforeEach(async () => {
    redis = wrap(page.Redis);
    await redis.flushall();
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("a request's calls together are one write", async () => {
    await redis.hset("user:1", { name: "Ann" });
    const app = express();
    serve(app, redis);
    const writes = countSocketWrites(redis.stream);
    expect((await request(app).get("/users/1")).body).toEqual({ user: { name: "Ann" }, visits: 1 });
    expect(writes.take()).toBe(1);
  });

  it("calls in series are as many round trips as on a plain client, together they are one", async () => {
    const ids = range(20);
    await Promise.all(ids.map((id) => redis.hset(`post:${id}`, { id })));
    const posts = await inSeries(redis, ids);
    expect(await together(redis, ids)).toEqual(posts);
    expect(posts).toEqual(ids.map((id) => ({ id: `${id}` })));
    expect(await countRoundTrips(redis, (own) => inSeries(own, ids))).toBe(20);
    expect(await countRoundTrips(redis, (own) => together(own, ids))).toBe(1);
  });

  it("switched off, every call is ioredis's own: reads are not shared, and blocking ones hold up the others", async () => {
    const off = switchedOff(page.client());
    await off.ping();
    expect(off.tickpipe.stats().lean).toBe(false);
    const { commands } = off.tickpipe.stats();
    const order: string[] = [];
    const writes = countSocketWrites(off.stream);
    await Promise.all([
      off.blpop("nothing", 0.1).then(() => order.push("blpop")),
      off.get("a").then(() => order.push("get")),
      off.get("a"),
    ]);
    expect(order).toEqual(["blpop", "get"]);
    expect(off.tickpipe.stats().commands - commands).toBe(3);
    // The cork has no switch but leaving the client unwrapped. A blocking call leaves at once, and what follows at the end of the tick.
    expect(writes.take()).toBe(2);
  });

  it("in production, too many calls are answered with 503, late ones with 504, and who hung up with nothing", async () => {
    const app = express();
    const limited = inProduction(page.Redis, app);
    const full = tickpipe(page.client(), { maxPending: 1 });
    await full.ping();
    const hurried = perRequest(tickpipe(page.client()), { deadlineMs: 20, property: "hurried" });
    const seen: unknown[] = [];
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    app.get("/full", () => Promise.all([full.get("a"), full.get("b")]));
    app.get("/late", hurried, async (req) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return (req as unknown as { hurried: Redis }).hurried.get("nothing");
    });
    let hangUp = (): void => {};
    const given = perRequest(tickpipe(page.client()), { abortOnHangUp: true, property: "given" });
    app.get("/slow", given, async (req, res) => {
      const closed = once(res, "close");
      hangUp();
      await closed;
      return (req as unknown as { given: Redis }).given.get("nothing");
    });
    app.get("/wrong", (req) => req.redis.call("nonsense"));
    app.use((error: { code?: string }, _req: Request, _res: Response, next: NextFunction) => {
      seen.push(error.code);
      next(error);
    });
    handleErrors(app);

    await request(app).get("/full").expect(503).expect("Retry-After", "1");
    await request(app).get("/late").expect(504);
    await request(app).get("/wrong").expect(500);
    const slow = request(app).get("/slow");
    hangUp = () => slow.abort();
    await expect(slow).rejects.toThrow("Aborted");
    await eventually("the handler has failed", () => seen.length === 4);
    expect(seen.slice(0, 2)).toEqual(["ERR_TICKPIPE_OVERLOADED", "ERR_TICKPIPE_DEADLINE"]);
    expect(seen.at(3)).toBe("ERR_TICKPIPE_ABORTED");
    expect(logged.mock.calls).toEqual([[expect.stringMatching(/^ReplyError: ERR unknown command/)]]);

    expect(limited.options).toMatchObject({ commandTimeout: 2_000, maxRetriesPerRequest: 3 });
    expect(watch(full)).toMatchObject({ pending: 0, waiting: 0, overloads: 1 });
  });

  it("shuts down after the request under way, and with all that was called", async () => {
    const app = express().use(perRequest(redis));
    let began = (): void => {};
    const underWay = new Promise<void>((resolve) => {
      began = resolve;
    });
    app.get("/", async (req, res) => {
      began();
      await req.redis.blpop("turn", 5);
      res.json(await req.redis.incr("served"));
    });
    const server = createServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
    const answer = fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
      headers: { connection: "close" },
    });
    await underWay;

    let stop = async (): Promise<void> => {};
    stopOnSigterm({ once: (_event, listener) => (stop = listener) }, server, redis);
    const stopped = stop();
    await page.client().rpush("turn", "now");
    expect(await (await answer).json()).toBe(1);
    await stopped;
    await eventually("the client has ended", () => redis.status === "end");
  });
});

it("docs/guide.md has its figures from docs/benchmarks.md", () => {
  const sections = read("docs/benchmarks.md").split(/^(?=#+ )/m);
  const rows = read("docs/guide.md").matchAll(/\]\(benchmarks\.md#(\S+)\) +\| ([\d.x]+) +\| ([\d.-]+) +\|/g);
  const figures = [...rows].map(([, anchor = "", ratio, middleHalf]) => ({ anchor, ratio, middleHalf }));
  expect(figures.length).toBeGreaterThan(5);
  const measured = figures.map(({ anchor }) => {
    const section = sections.find((text) => anchorsOf(text).has(anchor)) ?? "";
    const cells =
      /^\| \*\*tickpipe\*\* .*$/m
        .exec(section)?.[0]
        .split("|")
        .map((cell) => cell.trim()) ?? [];
    return { anchor, ratio: cells.at(-4), middleHalf: cells.at(-3) };
  });
  expect(figures).toEqual(measured);
});

it("docs/faq.md has its figures from docs/benchmarks.md", () => {
  const faq = read("docs/faq.md").replaceAll("\n", " ");
  const ratios = [/100 GETs a tick took ([\d.]+)/g, /100 GETs a tick had ([\d.]+)/g].flatMap((said) =>
    [...faq.matchAll(said)].map(([, ratio]) => `${ratio}x`),
  );
  const peers = ["ioredis enableAutoPipelining", "node-redis", "hand-written pipeline()"];
  const bars = read("docs/benchmarks.md").split("\n");
  const measured = peers.map((peer) => {
    const bar = bars.find((line) => line.startsWith(`| GET, 100 per tick, calls/s to ${peer} `));
    return bar?.split("|")[2]?.trim();
  });
  expect(ratios).toEqual(measured);
});
