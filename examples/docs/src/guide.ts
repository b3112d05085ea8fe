// The code of docs/guide.md. `Redis` and `process` are given to it, so that the tests choose the server and stop it.
// #region wrap
import { tickpipe } from "@tickpipe/core";
import { Redis } from "ioredis";
// #endregion wrap
import { once } from "node:events";
import type { Server } from "node:http";
import type { Tickpiped } from "@tickpipe/core";
// #region express
import { perRequest } from "@tickpipe/express";
// #endregion express
import type { Express, NextFunction, Request, Response } from "express";
import type { RedisOptions } from "ioredis";

export function wrap(Redis: new () => Redis) {
  // #region wrap
  const redis = tickpipe(new Redis());
  // #endregion wrap
  return redis;
}

export function serve(app: Express, redis: Tickpiped<Redis>) {
  // #region express
  app.use(perRequest(redis));

  app.get("/users/:id", async (req, res) => {
    const [user, visits] = await Promise.all([
      req.redis.hgetall(`user:${req.params.id}`),
      req.redis.incr(`visits:${req.params.id}`),
    ]);
    res.json({ user, visits });
  });
  // #endregion express
}

export async function inSeries(redis: Redis, ids: number[]) {
  // #region series
  const posts = [];
  for (const id of ids) posts.push(await redis.hgetall(`post:${id}`));
  // #endregion series
  return posts;
}

export async function together(redis: Redis, ids: number[]) {
  // #region together
  const posts = await Promise.all(ids.map((id) => redis.hgetall(`post:${id}`)));
  // #endregion together
  return posts;
}

export function switchedOff(client: Redis) {
  // #region off
  const redis = tickpipe(client, { lean: false, dedupe: false });
  // #endregion off
  return redis;
}

export function inProduction(Redis: new (options: Omit<RedisOptions, "replyMapping">) => Redis, app: Express) {
  // #region production
  const client = new Redis({
    commandTimeout: 2_000, // ms that a call waits for its reply
    maxRetriesPerRequest: 3, // reconnects that a call outlives
  });
  client.on("error", (error) => console.error("Redis:", error.message));

  const redis = tickpipe(client, {
    maxPending: 20_000, // commands
    maxPendingBytes: 64 * 1024 * 1024,
  });

  app.use(
    perRequest(redis, {
      maxPerTick: 1_000, // commands of one request in a turn of the event loop
    }),
  );
  // #endregion production
  return redis;
}

export function handleErrors(app: Express) {
  // #region errors
  app.use((error: Error & { code?: string; status?: number }, _req: Request, res: Response, _next: NextFunction) => {
    switch (error.code) {
      case "ERR_TICKPIPE_ABORTED":
        return; // the browser has hung up: nobody waits for an answer
      case "ERR_TICKPIPE_OVERLOADED":
        return res.status(503).set("Retry-After", "1").end();
      case "ERR_TICKPIPE_DEADLINE":
        return res.status(504).end();
      default:
        console.error(error.stack); // and not the error: ioredis puts a command's arguments into it
        if (res.headersSent) res.destroy();
        else res.status(error.status ?? 500).end();
    }
  });
  // #endregion errors
}

export function stopOnSigterm(
  process: { once(event: "SIGTERM", listener: () => Promise<void>): unknown },
  server: Server,
  redis: Redis,
) {
  // #region shutdown
  process.once("SIGTERM", async () => {
    server.close(); // takes no more requests
    await once(server, "close"); // those under way have been answered
    await redis.quit(); // what was called has been answered, and the connection is closed
  });
  // #endregion shutdown
}

export function watch(redis: Tickpiped<Redis>) {
  // #region watch
  const { pending, waiting, overloads, batches, commands } = redis.tickpipe.stats();
  // #endregion watch
  return { pending, waiting, overloads, batches, commands };
}
