import type { Tickpiped } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import express, { type Express } from "express";
import type { Redis } from "ioredis";
import { articleLoader, type Database, renameArticle } from "./articles.ts";

/** A small service: `GET /articles?ids=1,2,3` and `PUT /articles/1` with `{ "title": … }`. */
export function createApp(redis: Tickpiped<Redis>, database: Database): Express {
  const articles = articleLoader(redis, database);
  const app = express();
  app.disable("x-powered-by");
  app.use(perRequest(redis), express.json());

  app.get("/articles", async (req, res) => {
    const ids = String(req.query.ids).split(",").map(Number);
    // What a request asks for is one batch, however it is spread over its code.
    const found = await Promise.all(ids.map((id) => articles.for(req.redis).load(id)));
    res.json(found);
  });

  app.put("/articles/:id", async (req, res) => {
    const id = Number(req.params.id);
    if (!(await renameArticle(database, id, String(req.body.title)))) {
      res.status(404).end();
      return;
    }
    await articles.for(req.redis).clear(id);
    res.status(204).end();
  });

  app.get("/stats", (_req, res) => {
    res.json(articles.stats());
  });

  return app;
}
