import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import type { Redis } from "ioredis";
import request from "supertest";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { bothClients } from "./both-clients.ts";

declare module "express-session" {
  interface SessionData {
    user?: string;
    views?: number;
  }
}

interface SessionSettings {
  readonly ttl?: number;
  readonly disableTouch?: boolean;
}

/** An app with sign-in. A user's sessions have the ids ann1, ann2 and so on, in whatever order the users come. */
function appWithSessions(redis: Redis, { ttl = 3600, disableTouch = false }: SessionSettings = {}): express.Express {
  const sessions = new Map<string, number>();
  const app = express();
  app.use(express.json());
  app.use(
    session({
      store: new RedisStore({ client: redis, ttl, disableTouch }),
      secret: "a secret of the tests",
      genid: ({ body }) => {
        const user = body?.user ?? "nobody";
        sessions.set(user, (sessions.get(user) ?? 0) + 1);
        return `${user}${sessions.get(user)}`;
      },
      resave: false,
      saveUninitialized: false,
    }),
  );
  app.post("/sign-in", (req, res, next) => {
    // A new id at sign-in, as one should.
    req.session.regenerate((error) => {
      if (error) return next(error);
      req.session.user = req.body.user;
      res.json(req.sessionID);
    });
  });
  app.get("/me", (req, res) => {
    res.json(req.session.user ?? null);
  });
  app.post("/view", (req, res) => {
    req.session.views = (req.session.views ?? 0) + 1;
    res.json(req.session.views);
  });
  app.post("/sign-out", (req, res, next) => {
    req.session.destroy((error) => (error ? next(error) : res.json(req.session === undefined)));
  });
  const handler: express.ErrorRequestHandler = (error, _req, res, _next) => {
    res.status(500).json([error.name, error.message]);
  };
  app.use(handler);
  return app;
}

describe.each(bothClients())("connect-redis with express-session on $name", ({ sameOutcome }) => {
  it("signs in, keeps what is stored in a session, and signs out", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const browser = request.agent(appWithSessions(redis));
      const answers: unknown[] = [(await browser.get("/me")).body];
      answers.push((await browser.post("/sign-in").send({ user: "ann" })).body);
      for (const _ of range(3)) answers.push((await browser.post("/view")).body);
      answers.push((await browser.get("/me")).body);
      answers.push(JSON.parse((await aside.redis.get("sess:ann2")) ?? ""));
      answers.push((await browser.post("/sign-out")).body, (await browser.get("/me")).body);
      return answers;
    });
    const stored = {
      cookie: { originalMaxAge: null, expires: null, httpOnly: true, path: "/" },
      user: "ann",
      views: 3,
    };
    expect(outcome).toEqual([null, "ann2", 1, 2, 3, "ann", stored, true, null]);
  });

  it("gives 40 browsers at once each its own session", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const app = appWithSessions(redis).listen(0);
      try {
        const browsers = range(40).map(() => request.agent(app));
        const users = browsers.map((_, i) => `user${i}-`);
        await Promise.all(browsers.map((browser, i) => browser.post("/sign-in").send({ user: users[i] })));
        const answers = await Promise.all(browsers.map(async (browser) => (await browser.get("/me")).body));
        return { answers, users };
      } finally {
        app.close();
      }
    });
    expect(outcome.answers).toEqual(outcome.users);
  });

  it.each([
    [false, 3600],
    [true, 100],
  ])("renews a session that is used, unless told not to (disableTouch: %s)", async (disableTouch, seconds) => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const browser = request.agent(appWithSessions(redis, { disableTouch }));
      await browser.post("/sign-in").send({ user: "ann" });
      await aside.redis.expire("sess:ann2", 100);
      const me = (await browser.get("/me")).body;
      const ttl = await aside.redis.ttl("sess:ann2");
      return { me, isNear: ttl > seconds - 60 && ttl <= seconds };
    });
    expect(outcome).toEqual({ me: "ann", isNear: true });
  });

  it("forgets a session that has expired", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const browser = request.agent(appWithSessions(redis, { ttl: 1 }));
      const { body } = await browser.post("/sign-in").send({ user: "ann" });
      await aside.untilExpired("sess:ann2");
      return [body, (await browser.get("/me")).body];
    });
    expect(outcome).toEqual(["ann2", null]);
  });

  it("lists, counts and clears sessions over several pages of SCAN", async () => {
    const outcome = await sameOutcome(
      async (redis) => {
        const store = new RedisStore({ client: redis, scanCount: 20, prefix: "p:" });
        await Promise.all(
          range(150).map((i) => store.set(`s${i}`, { cookie: { originalMaxAge: null }, user: `u${i}` })),
        );
        const before = [await store.length(), (await store.ids()).length];
        const users = (await store.all()).map(({ user }: { user: string }) => user).sort();
        await store.clear();
        return { before, users, after: [await store.length(), await store.ids(), await store.all()] };
      },
      // How many pages SCAN makes depends on Redis's hash seed, which is another after each flush.
      { sameCommands: false },
    );
    const users = range(150).map((i) => `u${i}`);
    expect(outcome).toEqual({ before: [150, 150], users: users.sort(), after: [0, [], []] });
  });

  it("answers a request with Redis's error", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const browser = request.agent(appWithSessions(redis));
      await browser.post("/sign-in").send({ user: "ann" });
      await aside.redis.del("sess:ann2");
      await aside.redis.lpush("sess:ann2", "no session");
      const { status, body } = await browser.get("/me");
      return { status, body };
    });
    expect(outcome).toEqual({ status: 500, body: ["ReplyError", expect.stringMatching(/^WRONGTYPE /)] });
  });
});
