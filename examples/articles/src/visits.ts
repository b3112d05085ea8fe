/*
 * Serves articles out of a real Postgres (PGlite, in this process) with Redis in front of it, visits the service, and
 * prints as JSON how often the database was asked.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { PGlite } from "@electric-sql/pglite";
import { tickpipe } from "@tickpipe/core";
import { HOST, startRedisServer } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import { createApp } from "./app/app.ts";
import type { Article, Database } from "./app/articles.ts";

const VISITORS = 200;

const postgres = new PGlite();
await postgres.exec("CREATE TABLE articles (id integer PRIMARY KEY, title text NOT NULL)");
await postgres.exec("INSERT INTO articles SELECT i, 'Article ' || i FROM generate_series(1, 100) AS i");
let queries = 0;
const database: Database = {
  query: (sql, parameters) => {
    queries += 1;
    return postgres.query(sql, parameters);
  },
};

const redisServer = await startRedisServer();
const client = new Redis(redisServer.port, HOST);
// A client without this would print each failed try to reconnect.
client.on("error", () => {});
await client.ping();
const server = createApp(tickpipe(client), database).listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function get<Answer>(path: string): Promise<Answer> {
  const response = await fetch(url + path);
  if (!response.ok) throw new Error(`Expected ${path} to be answered, got status ${response.status}.`);
  return (await response.json()) as Answer;
}

/** Has all visitors ask for the same articles at once. */
async function visit(ids: string): Promise<{ visitors: number; queries: number; titles: (string | null)[][] }> {
  queries = 0;
  const visits = Array.from({ length: VISITORS }, () => get<(Article | null)[]>(`/articles?ids=${ids}`));
  const answers = (await Promise.all(visits)).map((articles) => articles.map((article) => article?.title ?? null));
  const different = new Map(answers.map((titles) => [titles.join(), titles]));
  return { visitors: answers.length, queries, titles: [...different.values()] };
}

try {
  const cold = await visit("1,2,3,4,5,404");
  const warm = await visit("1,2,3,4,5,404");
  await fetch(`${url}/articles/1`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ title: "Renamed" }),
  });
  const renamed = await visit("1,2");
  await redisServer.stop();
  const withoutRedis = await visit("1,2,3");
  const stats = await get("/stats");
  process.stdout.write(`${JSON.stringify({ cold, warm, renamed, withoutRedis, stats }, null, 2)}\n`);
} finally {
  server.close();
  server.closeAllConnections();
  client.disconnect();
  await redisServer.stop();
  await postgres.close();
}
