import { Readable } from "node:stream";
import { json } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import fastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { perRequest as perFastifyRequest } from "../../examples/frameworks/src/fastify.ts";
import { perRequest as perHonoRequest } from "../../examples/frameworks/src/hono.ts";
import { perRequest as perKoaRequest } from "../../examples/frameworks/src/koa.ts";
import { perRequest as perNodeRequest } from "../../examples/frameworks/src/node-http.ts";
import { isHangUp } from "../../examples/frameworks/src/request-scope.ts";
import type { Framework } from "./framework.ts";

const nodeHttp: Framework = {
  name: "node:http",
  listener: async (redis, handler, options) =>
    perNodeRequest(
      redis,
      async (req, res, own) => {
        const body = req.method === "POST" ? await json(req) : undefined;
        const answer = await handler({ redis: own, req, res, body });
        if (typeof answer === "string") res.end(answer);
        else await pipeline(answer, res);
      },
      options,
    ),
};

const fastify5: Framework = {
  name: "Fastify",
  listener: async (redis, handler, options) => {
    const app = fastify({ logger: { level: "error", stream: { write: (line) => console.error(line) } } });
    app.setErrorHandler((error, _request, reply) => {
      if (!isHangUp(error)) throw error;
      reply.code(499).send();
    });
    perFastifyRequest(app, redis, options);
    app.all("/*", async ({ redis: own, raw: req, body }, reply) =>
      reply.send(await handler({ redis: own, req, res: reply.raw, body })),
    );
    await app.ready();
    return app.routing;
  },
};

const koa: Framework = {
  name: "Koa",
  listener: async (redis, handler, options) => {
    const app = new Koa<object, { redis: typeof redis }>();
    app.on("error", (error: Error) => {
      if (!isHangUp(error)) app.onerror(error);
    });
    app.use(perKoaRequest(redis, options));
    app.use(async (ctx) => {
      const body = ctx.method === "POST" ? await json(ctx.req) : undefined;
      ctx.body = await handler({ redis: ctx.redis, req: ctx.req, res: ctx.res, body });
    });
    return app.callback();
  },
};

const hono: Framework = {
  name: "Hono",
  listener: async (redis, handler, options) => {
    const app = new Hono<{ Bindings: HttpBindings; Variables: { redis: typeof redis } }>();
    app.onError((error, c) => {
      if (!isHangUp(error)) console.error(error);
      return c.text("", 500);
    });
    app.use(perHonoRequest(redis, options));
    app.all("*", async (c) => {
      const { incoming: req, outgoing: res } = c.env;
      const body = c.req.method === "POST" ? await c.req.json() : undefined;
      const answer = await handler({ redis: c.get("redis"), req, res, body });
      return typeof answer === "string" ? c.text(answer) : c.body(Readable.toWeb(answer) as ReadableStream);
    });
    return getRequestListener(app.fetch);
  },
};

export const frameworks: readonly Framework[] = [nodeHttp, fastify5, koa, hono];
