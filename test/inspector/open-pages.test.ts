import { once } from "node:events";
import { createServer, get, type IncomingMessage, type Server } from "node:http";
import { connect, createServer as createServer2, type Http2Server, type Http2ServerRequest } from "node:http2";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import { type Inspector, inspector } from "@tickpipe/inspector";
import { eventually } from "@tickpipe/test-support";
import compression from "compression";
import express from "express";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stopOnSigterm } from "../../examples/docs/src/guide.ts";
import { useServer } from "../engine.ts";

const server = useServer();
let redis: Tickpiped<Redis>;
let page: Inspector;
const open: { close(): unknown }[] = [];
beforeEach(() => {
  redis = tickpipe(server.client());
  page = inspector(redis);
  open.push(page);
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function listening<S extends Server | Http2Server>(http: S): Promise<number> {
  open.push({ close: () => "closeAllConnections" in http && http.closeAllConnections() });
  open.push(http);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return (http.address() as AddressInfo).port;
}

/** What an open page has been told so far, by a browser's means. */
async function openPage(
  port: number,
  path = "/_tickpipe/events",
): Promise<{ text(): string; ended: Promise<unknown> }> {
  const headers = { "accept-encoding": "gzip, deflate, br", accept: "text/event-stream" };
  const asked = get({ port, host: "127.0.0.1", path, headers, agent: false });
  asked.on("error", () => {});
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  expect(answer.headers["content-encoding"]).toBeUndefined();
  let text = "";
  answer.setEncoding("utf8").on("data", (part) => {
    text += part;
  });
  answer.on("error", () => {});
  return { text: () => text, ended: new Promise((resolve) => answer.once("close", resolve)) };
}

function app(...before: express.RequestHandler[]): express.Express {
  const made = express();
  for (const each of before) made.use(each);
  made.use(perRequest(redis));
  made.use("/_tickpipe", page);
  made.get("/a", async (req, res) => {
    res.json(await req.redis.get("x"));
  });
  return made;
}

describe("an open page", () => {
  it.each([
    ["compression()", compression()],
    ["compression() of all that there is", compression({ filter: () => true, threshold: 0 })],
  ])("is told of each request behind %s", async (_name, compressed) => {
    const port = await listening(createServer(app(compressed)));
    const events = await openPage(port);
    await eventually("all that is there comes first", () => events.text().includes("event: all\n"));
    await (await fetch(`http://127.0.0.1:${port}/a`)).text();
    await eventually("then what is new", () => /event: more\ndata: .*"route":"\/a"/.test(events.text()));
  });

  it("is told of each request also where a response of the application's own making holds back what is written to it", async () => {
    const held: express.RequestHandler = (_req, res, next) => {
      const write = res.write.bind(res) as (part: unknown) => boolean;
      const parts: unknown[] = [];
      res.write = (part: unknown) => parts.push(part) > 0;
      Object.assign(res, { flush: () => parts.splice(0).every((part) => write(part)) });
      next();
    };
    const port = await listening(createServer(app(held)));
    const events = await openPage(port);
    await eventually("all that is there comes", () => events.text().includes("event: all\n"));
  });
});

describe("a server that closes while a page is open", () => {
  it("closes, by the guide's way to stop, and so does the client", async () => {
    const http = createServer(app());
    const port = await listening(http);
    const pages = [await openPage(port), await openPage(port)];
    const ended = once(redis, "end");
    let stop = async (): Promise<void> => {};
    stopOnSigterm({ once: (_event, listener) => (stop = listener) }, http, redis);
    await stop();
    await Promise.all([ended, ...pages.map((each) => each.ended)]);
  });

  it("closes over HTTP/2 too", async () => {
    const http = createServer2((req: Http2ServerRequest, res) =>
      page(req as unknown as IncomingMessage, res as never, () => res.end()),
    );
    const port = await listening(http);
    const session = connect(`http://127.0.0.1:${port}`);
    open.push({ close: () => session.destroy() });
    const events = session.request({ ":path": "/_tickpipe/events", ":authority": "localhost" });
    const [headers] = await once(events, "response");
    expect(headers[":status"]).toBe(200);
    events.resume();
    const closed = once(http, "close");
    http.close();
    await once(events, "end");
    session.close();
    await closed;
  });

  it("closes though a page reads nothing of what it is told", async () => {
    const http = createServer(app());
    const port = await listening(http);
    const asked = get({ port, host: "127.0.0.1", path: "/_tickpipe/events", agent: false }).on("error", () => {});
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    answer.pause().on("error", () => {});
    http.close();
    await once(http, "close");
  });

  it("closes at once where the inspector is closed", async () => {
    const http = createServer(app());
    const events = await openPage(await listening(http));
    page.close();
    http.close();
    await Promise.all([events.ended, once(http, "close")]);
  });
});

it("a server that was given its connections, and listens to nothing, keeps its pages", async () => {
  const http = createServer(app());
  const sockets = createTcpServer((socket) => void http.emit("connection", socket)).listen(0, "127.0.0.1");
  open.push({ close: () => http.closeAllConnections() }, sockets);
  await once(sockets, "listening");
  const { port } = sockets.address() as AddressInfo;
  const events = await openPage(port);
  await eventually("all that is there comes", () => events.text().includes("event: all\n"));
  await (await fetch(`http://127.0.0.1:${port}/a`)).text();
  await eventually("then what is new", () => events.text().includes("event: more\n"));
});
