import type { Tickpiped } from "@tickpipe/core";
import { onError } from "@tickpipe/example-server/on-error";
import { perRequest } from "@tickpipe/express";
import { RedisStore as SessionStore } from "connect-redis";
import express, { type Express } from "express";
import { rateLimit } from "express-rate-limit";
import session from "express-session";
import type { Redis } from "ioredis";
import { RedisStore as RateLimitStore, type RedisReply } from "rate-limit-redis";

declare module "express-session" {
  interface SessionData {
    name?: string;
    visits?: number;
  }
}

/** `POST /session` with `{ "name": … }` signs in, `GET /me` tells who is, `DELETE /session` signs out. */
export function createApp(redis: Tickpiped<Redis>, secret: string): Express {
  const isProduction = process.env.NODE_ENV === "production";
  const app = express();
  app.disable("x-powered-by");
  app.use(perRequest(redis));
  app.use(
    rateLimit({
      windowMs: 60_000,
      limit: 100,
      standardHeaders: "draft-8",
      legacyHeaders: false,
      store: new RateLimitStore({
        sendCommand: (command: string, ...args: string[]) => redis.call(command, ...args) as Promise<RedisReply>,
      }),
    }),
  );
  app.use(
    session({
      store: new SessionStore({ client: redis, ttl: 24 * 60 * 60 }),
      secret,
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: "lax", secure: isProduction },
    }),
  );
  app.use(express.json());

  // Who somebody says to be is all that is asked here: put your own way of signing in here.
  app.post("/session", (req, res, next) => {
    const name: unknown = req.body?.name;
    if (typeof name !== "string" || name === "") {
      res.status(400).json({ error: "a name is needed" });
      return;
    }
    // A new id, so that one that a stranger gave the browser before is worth nothing.
    req.session.regenerate((error) => {
      if (error) return next(error);
      req.session.name = name;
      res.status(201).json({ name });
    });
  });

  app.get("/me", async (req, res) => {
    const { name } = req.session;
    if (name === undefined) {
      res.status(401).json({ error: "not signed in" });
      return;
    }
    req.session.visits = (req.session.visits ?? 0) + 1;
    const [unread, likes] = await Promise.all([redis.llen(`inbox:${name}`), redis.scard(`likes:${name}`)]);
    res.json({ name, visits: req.session.visits, unread, likes });
  });

  app.delete("/session", (req, res, next) => {
    req.session.destroy((error) => (error ? next(error) : res.status(204).end()));
  });

  app.use(onError);
  return app;
}
