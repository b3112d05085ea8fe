// The code of docs/loaders.md. `Redis` is given to it, so that the tests choose the server.
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import express, { type Express, type Request } from "express";
import type { Redis } from "ioredis";

interface User {
  readonly id: number;
  readonly name: string;
}

/** A `Pool` of node-postgres, or PGlite. */
export interface Pool {
  query<Row>(sql: string, parameters: unknown[]): Promise<{ rows: Row[] }>;
}

export function service(Redis: new () => Redis, pool: Pool): { redis: Tickpiped<Redis>; app: Express } {
  const app = express();
  // #region loader
  const redis = tickpipe(new Redis());

  // Once, beside the client. Not per request.
  const users = redis.tickpipe.loader({
    key: (id: number) => `user:${id}`,
    load: async (ids) => {
      const { rows } = await pool.query<User>("SELECT id, name FROM users WHERE id = ANY($1)", [ids]);
      const byId = new Map(rows.map((user) => [user.id, user]));
      return ids.map((id) => byId.get(id) ?? null);
    },
    ttl: 300,
    negativeTtl: 30,
  });

  app.use(perRequest(redis));
  app.get("/users/:id", async (req, res) => {
    res.json(await users.for(req.redis).load(Number(req.params.id)));
  });
  // #endregion loader

  const rename = async (req: Request, id: number, name: string) => {
    // #region change
    await pool.query("UPDATE users SET name = $2 WHERE id = $1", [id, name]);
    await users.for(req.redis).clear(id);
    // #endregion change
  };
  app.put("/users/:id/:name", async (req, res) => {
    await rename(req, Number(req.params.id), req.params.name);
    res.end();
  });
  return { redis, app };
}
