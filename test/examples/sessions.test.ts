import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tickpipe } from "@tickpipe/core";
import { countSocketWrites, eventually } from "@tickpipe/test-support";
import type { Redis } from "ioredis";
import request from "supertest";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createApp } from "../../examples/sessions/src/app.ts";
import { range, useServer } from "../engine.ts";

const server = useServer();

beforeEach(async () => {
  await server.client().flushall();
});

afterEach(() => {
  vi.restoreAllMocks();
});

const appOn = (redis: Redis) => createApp(tickpipe(redis), "a placeholder");

async function listen(redis: Redis): Promise<{ listening: Server; port: number }> {
  const listening = appOn(redis).listen(0, "127.0.0.1");
  onTestFinished(async () => {
    listening.closeAllConnections();
    listening.close();
    await once(listening, "close");
  });
  await once(listening, "listening");
  return { listening, port: (listening.address() as AddressInfo).port };
}

describe("examples/sessions", () => {
  it("signs in, counts visits in the session, and signs out", async () => {
    const redis = server.client();
    await redis.rpush("inbox:Ann", "a", "b");
    await redis.sadd("likes:Ann", "a post");
    const browser = request.agent(appOn(redis));
    const before = await browser.get("/me");
    const signedIn = await browser.post("/session").send({ name: "Ann" });
    const visits = [await browser.get("/me"), await browser.get("/me")];
    const signedOut = await browser.delete("/session");
    const after = await browser.get("/me");
    expect([before, signedIn, ...visits, signedOut, after].map(({ status }) => status)).toEqual([
      401, 201, 200, 200, 204, 401,
    ]);
    expect(visits.map(({ body }) => body)).toEqual([
      { name: "Ann", visits: 1, unread: 2, likes: 1 },
      { name: "Ann", visits: 2, unread: 2, likes: 1 },
    ]);
    expect(signedIn.headers["set-cookie"]?.[0]).toMatch(/; HttpOnly; SameSite=Lax$/);
  });

  it("counts the calls of both libraries to the request, and sends those of many requests together", async () => {
    const redis = server.client();
    const app = appOn(redis);
    const browsers = range(20).map(() => request.agent(app));
    // One address, and so one limit: 20 of these, and 20 below.
    await Promise.all(browsers.map((browser, i) => browser.post("/session").send({ name: `user ${i}` })));
    const writes = countSocketWrites(redis.stream);
    const answers = await Promise.all(browsers.map((browser) => browser.get("/me")));
    expect(answers.map(({ body }) => body.name)).toEqual(range(20).map((i) => `user ${i}`));
    // The limit's script; the session's get; llen and scard; the session's set.
    for (const { headers } of answers) {
      expect(headers["server-timing"]).toMatch(/desc="5 commands, 4 round trips"/);
    }
    const calls = 20 * 5;
    expect(writes.take()).toBeLessThan(calls / 2);
  });

  it("refuses the 101st request of a minute, and no earlier one", async () => {
    const { port } = await listen(server.client());
    const statuses = await Promise.all(range(120).map(async () => (await fetch(`http://127.0.0.1:${port}/me`)).status));
    expect([401, 429].map((status) => statuses.filter((each) => each === status).length)).toEqual([100, 20]);
  });

  it("saves the session of a browser that hung up before the response", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const redis = server.client();
    const { listening, port } = await listen(redis);
    const { headers } = await request(listening).post("/session").send({ name: "Ann" });
    const [cookie = ""] = headers["set-cookie"] ?? [];
    const impatient = connect(port, "127.0.0.1");
    await once(impatient, "connect");
    const finished: boolean[] = [];
    // Hangs up as soon as its request has been read.
    listening.once("request", (_req, res) => {
      impatient.destroy();
      res.once("close", () => finished.push(res.writableFinished));
    });
    impatient.write(`GET /me HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie.split(";")[0]}\r\n\r\n`);
    await eventually("the session was saved", async () => {
      const [key = ""] = await redis.keys("sess:*");
      return JSON.parse((await redis.get(key)) ?? "{}").visits === 1;
    });
    expect(finished).toEqual([false]);
    expect(logged).not.toHaveBeenCalled();
  });

  it("answers 500 without telling why where Redis fails, and logs it", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const redis = server.client();
    const browser = request.agent(appOn(redis));
    await browser.post("/session").send({ name: "Ann" });
    await redis.set("inbox:Ann", "no list");
    const { status, body } = await browser.get("/me");
    expect([status, body]).toEqual([500, { error: "internal error" }]);
    expect(logged).toHaveBeenCalledWith(expect.stringMatching(/^ReplyError: WRONGTYPE/));
  });

  it.each([undefined, "", 5, { a: 1 }])("refuses the name %j", async (name) => {
    const { status } = await request(appOn(server.client())).post("/session").send({ name });
    expect(status).toBe(400);
  });
});
