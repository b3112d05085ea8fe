import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { type PerRequestOptions, perRequest } from "@tickpipe/express";
import { eventually } from "@tickpipe/test-support";
import { RedisStore as SessionStore } from "connect-redis";
import express5, { type RequestHandler } from "express";
import { rateLimit } from "express-rate-limit";
import session from "express-session";
import express4 from "express4";
import type { Redis } from "ioredis";
import { type RedisReply, RedisStore } from "rate-limit-redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { range, useServer } from "../engine.ts";

declare module "express-session" {
  interface SessionData {
    upload?: number;
  }
}

const server = useServer();
const versions = [
  { name: "Express 5", express: express5 },
  { name: "Express 4", express: express4 as unknown as typeof express5 },
];

async function listening(app: RequestHandler): Promise<number> {
  const http = createServer(app as never).listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  return (http.address() as AddressInfo).port;
}

/** A browser that asks for a page and reads nothing. */
function visit(port: number): Socket {
  const browser = connect(port, "127.0.0.1").on("error", () => {});
  browser.write("GET /hang-up HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return browser;
}

/** What a visit comes to on the plain client, and behind `perRequest` with its defaults and with what an app may ask for. */
async function onBoth<T>(outcome: (redis: Redis, before: RequestHandler) => Promise<T>, asked: PerRequestOptions) {
  const flushed = async (redis: Redis): Promise<Redis> => {
    await redis.flushall();
    return redis;
  };
  const plain = await outcome(await flushed(server.client()), (_req, _res, next) => next());
  const views: T[] = [];
  for (const options of [{}, asked, { ...asked, ambient: true }]) {
    const view = tickpipe(server.client()) as Tickpiped<Redis>;
    await flushed(view);
    views.push(await outcome(view, perRequest(view, options) as RequestHandler));
  }
  return { plain, views };
}

describe.each(versions)("behind perRequest with $name, a store on the module's own client", ({ express }) => {
  it("takes back what hung up or failed: the counter of express-rate-limit is that of the plain client", async () => {
    const { plain, views } = await onBoth(
      async (redis, before) => {
        const app = express();
        app.use(before);
        const sendCommand = (command: string, ...args: string[]) => redis.call(command, ...args) as Promise<RedisReply>;
        app.use(rateLimit({ store: new RedisStore({ sendCommand }), skipFailedRequests: true, limit: 100 }) as never);
        const arrived: unknown[] = [];
        app.get("/hang-up", (req) => void arrived.push(req));
        app.get("/:status", (req, res) => void res.status(Number(req.params.status)).end());
        const port = await listening(app as never);
        const counter = async () => (await Promise.all((await redis.keys("rl:*")).map((key) => redis.get(key)))).join();
        for (const i of range(5)) {
          const browser = visit(port);
          await eventually("it has arrived", () => arrived.length === i + 1);
          browser.destroy();
          await eventually("it is taken back", async () => (await counter()) === "0");
        }
        const statuses: number[] = [];
        for (const status of [500, 200]) statuses.push((await fetch(`http://127.0.0.1:${port}/${status}`)).status);
        await eventually("the failure is taken back", async () => (await counter()) === "1");
        return [statuses, await counter()];
      },
      { abortOnHangUp: true },
    );
    expect(plain).toEqual([[500, 200], "1"]);
    expect(views).toEqual([plain, plain, plain]);
  });

  it("keeps a session that is saved after a hang-up, and after an upload longer than deadlineMs", async () => {
    const { plain, views } = await onBoth(
      async (redis, before) => {
        const app = express();
        app.use(before);
        const errors: unknown[] = [];
        app.use(
          session({
            store: new SessionStore({ client: redis }),
            secret: "a secret of the tests",
            genid: (req) => (req.url === "/upload" ? "uploaded" : "hung-up"),
            resave: false,
            saveUninitialized: false,
          }) as never,
        );
        app.post("/upload", async (req, res) => {
          let bytes = 0;
          for await (const chunk of req) bytes += chunk.length;
          req.session.upload = bytes;
          res.end(String(bytes));
        });
        app.get("/hang-up", async (req, res) => {
          browser.destroy();
          await once(res, "close");
          req.session.upload = 1;
          req.session.save((error) => error && errors.push(error));
        });
        const port = await listening(app as never);
        const browser = visit(port);
        const upload = connect(port, "127.0.0.1");
        upload.write("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nabc");
        // Longer than the deadline below.
        await new Promise((resolve) => setTimeout(resolve, 150));
        upload.write("def");
        const [answer] = (await once(upload, "data")) as [Buffer];
        upload.destroy();
        const saved = async (id: string) => JSON.parse((await redis.get(`sess:${id}`)) ?? "null")?.upload;
        await eventually(
          "both are saved",
          async () => [await saved("hung-up"), await saved("uploaded")].join() === "1,6",
        );
        return [answer.toString().split(" ")[1], errors];
      },
      { abortOnHangUp: true, deadlineMs: 50 },
    );
    expect(plain).toEqual(["200", []]);
    expect(views).toEqual([plain, plain, plain]);
  });
});
