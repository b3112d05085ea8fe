/*
 * Sessions (express-session, connect-redis) and a rate limit (express-rate-limit, rate-limit-redis) on one wrapped client: these libraries are given the client that they
 * would be given anyway, and what they and the handlers call in a tick leaves as one write.
 *
 *   npx -y pnpm@12.21.0 example sessions
 */
import { randomBytes } from "node:crypto";
import { tickpipe } from "@tickpipe/core";
import { serve } from "@tickpipe/example-server";
import { Redis } from "ioredis";
import { createApp } from "./app.ts";

const { SESSION_SECRET, NODE_ENV } = process.env;
if (!SESSION_SECRET && NODE_ENV === "production") throw new Error("Set SESSION_SECRET to a long random text.");

const redis = tickpipe(new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379"));
redis.on("error", (error) => console.error(`Redis: ${error.message}`));
await serve(createApp(redis, SESSION_SECRET ?? randomBytes(32).toString("hex")), () => redis.quit());
