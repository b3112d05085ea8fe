/*
 * GraphQL, where each field is resolved by itself and "N+1" is how it is meant to be: here N+1 calls leave as one write for each level of the query. Users come from
 * another service through a loader, with one request for all that a level misses.
 *
 *   npx -y pnpm@12.21.0 example graphql
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tickpipe } from "@tickpipe/core";
import { serve } from "@tickpipe/example-server";
import { Redis } from "ioredis";
import { createApp } from "./app.ts";
import { seed } from "./seed.ts";
import { usersService } from "./users-service.ts";

const redis = tickpipe(new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379"));
redis.on("error", (error) => console.error(`Redis: ${error.message}`));
await seed(redis);

const users = createServer(usersService).listen(0, "127.0.0.1");
await once(users, "listening");
const usersUrl = `http://127.0.0.1:${(users.address() as AddressInfo).port}`;
await serve(
  createApp(redis, usersUrl),
  () => redis.quit(),
  async () => users.close(),
);
