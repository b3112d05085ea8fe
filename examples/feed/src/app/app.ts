import express, { type Express } from "express";
import type { Redis } from "ioredis";
import { carelessFeedOf } from "./careless.ts";
import { feedOf } from "./posts.ts";
import { countVisit } from "./rate-limits.ts";
import { userOfSession } from "./sessions.ts";
import { findUser } from "./users.ts";

const VISITS_PER_MINUTE = 1_000_000;

/**
 * A small service: `GET /feed` with a `sid` cookie answers with the user's feed. It makes 29 Redis calls for that, and
 * knows nothing of batching: it is handed a client, plain or wrapped. `GET /careless/:user` is how not to do it.
 *
 * @param use adds middleware before the routes
 */
export function createApp(redis: Redis, use: (app: Express) => void = () => {}): Express {
  const app = express();
  app.disable("x-powered-by");
  use(app);

  app.get("/feed", async (req, res) => {
    const sessionId = /(?:^|; )sid=(\w+)/.exec(req.headers.cookie ?? "")?.[1] ?? "";
    const userId = await userOfSession(redis, sessionId);
    if (userId === null) {
      res.status(401).json({ error: "no session" });
      return;
    }
    const [visits, user, unread, posts] = await Promise.all([
      countVisit(redis, userId),
      findUser(redis, userId),
      redis.get(`unread:${userId}`),
      feedOf(redis, userId),
    ]);
    if (visits.perMinute > VISITS_PER_MINUTE) {
      res.status(429).json({ error: "too many visits" });
      return;
    }
    res.json({ user, unread: Number(unread ?? 0), visitsToday: visits.perDay, posts });
  });

  app.get("/careless/:user", async (req, res) => {
    res.json(await carelessFeedOf(redis, req.params.user));
  });

  return app;
}
