import { once } from "node:events";
import { type ClientHttp2Session, connect, constants, createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type Scope, type Tickpiped, tickpipe } from "@tickpipe/core";
import { perRequest as perRequestOfExpress } from "@tickpipe/express";
import { eventually } from "@tickpipe/test-support";
import fastify, { type FastifyInstance } from "fastify";
import type { Redis } from "ioredis";
import { expect, it, onTestFinished } from "vitest";
import { perRequest } from "../../examples/frameworks/src/fastify.ts";
import { useServer } from "../engine.ts";

const server = useServer();

/** The recipe's types are those of HTTP/1, whose response Node's own for HTTP/2 is compatible with. */
const http2App = () => fastify({ http2: true }) as unknown as FastifyInstance;

async function sessionOf(app: FastifyInstance): Promise<ClientHttp2Session> {
  await app.listen({ port: 0, host: "127.0.0.1" });
  const session = connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
  onTestFinished(async () => {
    session.destroy();
    await app.close();
  });
  return session;
}

it("ends a request's scope with its response over HTTP/2 as well: closed when sent, aborted when reset before", async () => {
  const redis = tickpipe(server.client());
  const app = http2App();
  perRequest(app, redis, { abortable: true });
  const scopes: Scope<Redis>[] = [];
  app.get("/sent", async (request) => {
    scopes.push(request.redis.tickpipe.currentScope() as Scope<Redis>);
    return String(await request.redis.incr("sent"));
  });
  const ended = new Promise<unknown>((resolve) => {
    app.get("/reset", async (request, reply) => {
      const closed = once(reply.raw, "close");
      reset.close(constants.NGHTTP2_CANCEL);
      await closed;
      resolve(await request.redis.get("k").catch((error: { code: string }) => error.code));
    });
  });
  const session = await sessionOf(app);
  expect(await text(session.request({ ":path": "/sent" }))).toBe("1");
  await eventually("the scope has ended", () => scopes[0]?.redis.tickpipe.currentScope() === undefined);
  expect(await scopes[0]?.redis.get("sent")).toBe("1");

  const reset = session.request({ ":path": "/reset" });
  expect(await ended).toBe("ERR_TICKPIPE_ABORTED");
});

it("with perRequest and abortOnHangUp tells a sent response from a hang-up over HTTP/2", async () => {
  const redis = tickpipe(server.client());
  const middleware = perRequestOfExpress(redis, { abortOnHangUp: true });
  const reset = () => stream.close(constants.NGHTTP2_CANCEL);
  const answers: Record<string, (res: NodeJS.WritableStream) => unknown> = {
    "/sent": (res) => res.end("all of it"),
    "/empty": (res) => res.end(),
    "/reset": () => reset(),
    "/reset in the middle": (res) => res.write("the first part", reset),
  };
  const outcomes: Record<string, unknown> = {};
  const http2 = createServer((req, res) => {
    middleware(req as never, res as never, () => {
      const { redis: own } = req as typeof req & { redis: Tickpiped<Redis> };
      res.once("close", () => {
        const call = own.incr("n").then(
          () => "made",
          (error: { code: string }) => error.code,
        );
        told(call);
      });
      answers[decodeURIComponent(req.url)]?.(res);
    });
  });
  http2.listen(0, "127.0.0.1");
  await once(http2, "listening");
  const session = connect(`http://127.0.0.1:${(http2.address() as AddressInfo).port}`);
  onTestFinished(() => {
    session.destroy();
    http2.close();
  });
  let told: (call: Promise<unknown>) => void = () => {};
  let stream: ReturnType<typeof session.request>;
  for (const path of Object.keys(answers)) {
    const called = new Promise<unknown>((resolve) => {
      told = resolve;
    });
    stream = session.request({ ":path": encodeURI(path) });
    stream.on("error", () => {});
    stream.resume();
    outcomes[path] = await called;
  }
  const aborted = "ERR_TICKPIPE_ABORTED";
  expect(outcomes).toEqual({ "/sent": "made", "/empty": "made", "/reset": aborted, "/reset in the middle": aborted });
});
