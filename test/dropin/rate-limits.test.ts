import express from "express";
import { type Options, rateLimit } from "express-rate-limit";
import type { Redis } from "ioredis";
import { RedisStore, type SendCommandFn } from "rate-limit-redis";
import request from "supertest";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { bothClients } from "./both-clients.ts";

/** As rate-limit-redis's documentation says for ioredis. */
function storeOn(redis: Redis, prefix?: string): RedisStore {
  const sendCommand: SendCommandFn = (command, ...args) => redis.call(command, ...args) as ReturnType<SendCommandFn>;
  return new RedisStore(prefix === undefined ? { sendCommand } : { sendCommand, prefix });
}

/** An app that knows its users by a header, and fails a request where it is told to. */
function limitedApp(redis: Redis, options: Partial<Options>): express.Express {
  const app = express();
  const keyGenerator = (req: express.Request): string => req.get("user") ?? "nobody";
  app.use(rateLimit({ windowMs: 60_000, standardHeaders: "draft-7", keyGenerator, store: storeOn(redis), ...options }));
  app.get("/", (_req, res) => {
    res.json("in");
  });
  app.get("/missing", (_req, res) => {
    res.status(404).end();
  });
  const handler: express.ErrorRequestHandler = (error, _req, res, _next) => {
    res.status(500).json([error.name, error.message]);
  };
  app.use(handler);
  return app;
}

const visit = (app: express.Express, user: string, path = "/") => request(app).get(path).set("user", user);
const statuses = async (app: express.Express, user: string, count: number): Promise<number[]> => {
  const answers: number[] = [];
  for (const _ of range(count)) answers.push((await visit(app, user)).status);
  return answers;
};

describe.each(bothClients())("express-rate-limit with rate-limit-redis on $name", ({ sameOutcome }) => {
  it("lets each user in so often, and then answers 429", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const app = limitedApp(redis, { limit: 3 });
      const ann = await statuses(app, "ann", 5);
      const { status, headers, text } = await visit(app, "bob");
      const refused = await visit(app, "ann");
      return {
        ann,
        bob: [status, headers.ratelimit?.replace(/reset=\d+/, "reset=…"), text],
        refused: [refused.text, Number(refused.headers["retry-after"]) > 50],
      };
    });
    expect(outcome).toEqual({
      ann: [200, 200, 200, 429, 429],
      bob: [200, "limit=3, remaining=2, reset=…", '"in"'],
      refused: ["Too many requests, please try again later.", true],
    });
  });

  it("lets exactly as many in when 40 come at once", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const app = limitedApp(redis, { limit: 10 });
      const answers = await Promise.all(range(40).map(() => visit(app, "ann")));
      return answers.map(({ status }) => status).sort();
    });
    expect(outcome).toEqual(range(40).map((i) => (i < 10 ? 200 : 429)));
  });

  it("tells and resets a user's count", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const store = storeOn(redis);
      const app = limitedApp(redis, { limit: 2, store });
      const before = await statuses(app, "ann", 3);
      const { totalHits } = (await store.get("ann")) ?? {};
      await store.resetKey("ann");
      return { before, totalHits, after: await statuses(app, "ann", 3) };
    });
    expect(outcome).toEqual({ before: [200, 200, 429], totalHits: 3, after: [200, 200, 429] });
  });

  it("opens a new window when the old one has passed", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const app = limitedApp(redis, { limit: 1, windowMs: 700 });
      const first = (await visit(app, "ann")).status;
      await aside.untilExpired("rl:ann");
      return [first, (await visit(app, "ann")).status];
    });
    expect(outcome).toEqual([200, 200]);
  });

  it("takes back what does not count", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const app = limitedApp(redis, { limit: 2, skipFailedRequests: true });
      for (const _ of range(5)) {
        await visit(app, "ann", "/missing");
        // The count is taken back after the response: no event of the library tells when.
        await aside.untilValue("rl:ann", "0");
      }
      return statuses(app, "ann", 3);
    });
    expect(outcome).toEqual([200, 200, 429]);
  });

  it("keeps two limiters on one client apart", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const strict = limitedApp(redis, { limit: 1, store: storeOn(redis, "strict:") });
      const mild = limitedApp(redis, { limit: 2, store: storeOn(redis, "mild:") });
      return [await statuses(strict, "ann", 2), await statuses(mild, "ann", 3)];
    });
    expect(outcome).toEqual([
      [200, 429],
      [200, 200, 429],
    ]);
  });

  it("loads its scripts again when Redis has lost them", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const app = limitedApp(redis, { limit: 3 });
      const before = await statuses(app, "ann", 1);
      await aside.redis.script("FLUSH");
      return [...before, ...(await statuses(app, "ann", 3))];
    });
    expect(outcome).toEqual([200, 200, 200, 429]);
  });

  it.each([
    [false, 500, ["ReplyError", expect.stringMatching(/WRONGTYPE|not an integer/)]],
    [true, 200, "in"],
  ])("meets an error of Redis as it was told to (passOnStoreError: %s)", async (passOnStoreError, status, body) => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const app = limitedApp(redis, { passOnStoreError, logger: { ...console, error: () => {}, warn: () => {} } });
      await aside.redis.set("rl:ann", "no number", "PX", 60_000);
      const answer = await visit(app, "ann");
      return { status: answer.status, body: answer.body };
    });
    expect(outcome).toEqual({ status, body });
  });
});
