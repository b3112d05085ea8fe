/*
 * GET /posts with a framework of your choice, each request in a scope of its own: twenty reads, one write. The recipe for each is in the file of its name.
 *
 *   npx -y pnpm@12.21.0 example fastify        (or node-http, express, koa, hono)
 */
import { tickpipe } from "@tickpipe/core";
import { serve } from "@tickpipe/example-server";
import { Redis } from "ioredis";
import { inspected } from "./inspected.ts";
import { listeners } from "./listeners.ts";
import { seed } from "./seed.ts";

const name = process.argv[2] ?? "node-http";
const framework = listeners[name];
if (!framework) throw new Error(`Expected one of ${Object.keys(listeners).join(", ")}.`);

const redis = tickpipe(new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379"));
redis.on("error", (error) => console.error(`Redis: ${error.message}`));
await seed(redis);
await serve(inspected(redis, await framework(redis)), () => redis.quit());
