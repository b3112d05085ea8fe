import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import type { AddressInfo } from "node:net";
import { type Tickpiped, tickpipe } from "@tickpipe/core";
import { perRequest } from "@tickpipe/express";
import { type Inspector, type InspectorOptions, inspector, type RequestDetail } from "@tickpipe/inspector";
import express, { type Express } from "express";
import type { Redis } from "ioredis";

/** An app with an inspector, as its browsers reach it. */
export interface ServedApp {
  readonly app: Express;
  readonly redis: Tickpiped<Redis>;
  readonly page: Inspector;
  readonly base: string;
  close(): Promise<void>;
}

/**
 * Serves an app with an inspector at `/_tickpipe`. Routes are added to it by the test.
 *
 * @param make the version of Express
 */
export async function serveApp(client: Redis, options: InspectorOptions = {}, make = express): Promise<ServedApp> {
  const redis = tickpipe(client);
  // A busy machine may stall for as long as a command takes that is slow: that is asked for where it is tested.
  const page = inspector(redis, { slowMs: Number.POSITIVE_INFINITY, ...options });
  const app = make();
  app.use(perRequest(redis));
  app.use("/_tickpipe", page);
  const { base, close } = await listen(app);
  const closeAll = async (): Promise<void> => {
    page.close();
    await close();
  };
  return { app, redis, page, base, close: closeAll };
}

export async function listen(
  handler: RequestListener,
  options: ServerOptions = {},
): Promise<{ base: string; close(): Promise<void> }> {
  const server: Server = createServer(options, handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** Makes a request, and follows the permalink that comes with its response. */
export async function waterfallOf(base: string, path: string): Promise<RequestDetail> {
  const response = await fetch(`${base}${path}`);
  await response.text();
  const permalink = response.headers.get("x-tickpipe-inspect");
  if (permalink === null) throw new Error(`The response of ${path} has no permalink.`);
  return (await eventuallyFound(`${base}${permalink}.json`)) as RequestDetail;
}

/** A request is logged when its response has closed, which may be after its last byte has come here. */
async function eventuallyFound(address: string): Promise<unknown> {
  for (let tries = 0; tries < 1000; tries++) {
    const answer = await fetch(address);
    if (answer.ok) return answer.json();
    await answer.text();
  }
  throw new Error(`Nothing at ${address}.`);
}
