import type { RequestListener } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Tickpiped } from "@tickpipe/core";
import type { Redis } from "ioredis";
import { createApp as expressApp } from "./express.ts";
import { createApp as fastifyApp } from "./fastify.ts";
import { createApp as honoApp } from "./hono.ts";
import { createApp as koaApp } from "./koa.ts";
import { createApp as nodeApp } from "./node-http.ts";

type MakeListener = (redis: Tickpiped<Redis>) => Promise<RequestListener>;

/** How each framework's app becomes what `createServer()` of `node:http` takes. */
export const listeners: Readonly<Record<string, MakeListener>> = {
  "node-http": async (redis) => nodeApp(redis),
  express: async (redis) => expressApp(redis),
  fastify: async (redis) => {
    const app = fastifyApp(redis);
    await app.ready();
    return app.routing;
  },
  koa: async (redis) => koaApp(redis).callback(),
  hono: async (redis) => getRequestListener(honoApp(redis).fetch),
};
