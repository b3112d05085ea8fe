import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tickpipe } from "@tickpipe/core";
import { expectNoWaterfall, expectRoundTrips } from "@tickpipe/core/testing";
import { countSocketWrites, eventually, startFaultProxy } from "@tickpipe/test-support";
import type { Redis } from "ioredis";
import request from "supertest";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createApp } from "../../examples/graphql/src/app.ts";
import { AUTHORS, seed, USERS } from "../../examples/graphql/src/seed.ts";
import { usersService } from "../../examples/graphql/src/users-service.ts";
import { range, useServer } from "../engine.ts";

const server = useServer();
let asked: string[] = [];
const users = createServer((req, res) => {
  asked.push(req.url ?? "");
  usersService(req, res);
});
let usersUrl = "";

beforeAll(async () => {
  await once(users.listen(0, "127.0.0.1"), "listening");
  usersUrl = `http://127.0.0.1:${(users.address() as AddressInfo).port}`;
});

afterAll(async () => {
  users.closeAllConnections();
  users.close();
  await once(users, "close");
});

beforeEach(async () => {
  await server.client().flushall();
  await seed(server.client());
  asked = [];
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Three levels below the posts' ids: the posts; of each its likes, author and comments; of each comment its author. */
const WHOLE = "{ posts(first: 20) { title likes author { name } comments { text author { name } } } }";

const ask = async (app: ReturnType<typeof createApp>, query: string) => {
  const { status, body } = await request(app)
    .post("/graphql")
    .accept("application/graphql-response+json")
    .send({ query });
  return { status, body };
};

const cachedUsers = async (redis: Redis) => (await redis.keys("user:*")).length;

describe("examples/graphql", () => {
  it("resolves 20 posts, their authors, comments and the comments' authors in one write a level", async () => {
    const redis = tickpipe(server.client());
    const app = createApp(redis, usersUrl);
    const cold = await ask(app, WHOLE);
    await eventually("the loader has kept all users", async () => (await cachedUsers(redis)) === USERS);
    // One request for the posts' authors, and one for the comments'.
    expect(asked).toHaveLength(2);

    const writes = countSocketWrites(redis.stream);
    const { commands } = redis.tickpipe.stats();
    const warm = await expectRoundTrips(redis, () => ask(app, WHOLE), { atMost: 4 });
    // lrange; 20 hgetall; 20 scard, 20 lrange and 5 authors; 5 more for the 60 comments.
    expect([writes.take(), redis.tickpipe.stats().commands - commands]).toEqual([4, 1 + 20 + (20 + 20 + 5) + 5]);
    expect(asked).toHaveLength(2);
    expect(warm).toEqual(cold);
    const [first] = warm.body.data.posts;
    expect(warm.body.data.posts).toHaveLength(20);
    expect(first).toEqual({
      title: "Post 1",
      likes: 1,
      author: { name: "User u1" },
      comments: range(3).map((i) => ({
        text: `Comment ${i + 1}`,
        author: { name: `User u${AUTHORS + ((i + 2) % AUTHORS)}` },
      })),
    });
  });

  it("has no resolver that waits for another without need", async () => {
    const redis = tickpipe(server.client());
    const { status } = await expectNoWaterfall(redis, () => ask(createApp(redis, usersUrl), WHOLE));
    expect(status).toBe(200);
  });

  it("tells of a mistake in the query, and nothing of what went wrong within", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const redis = tickpipe(server.client());
    const app = createApp(redis, usersUrl);
    const mistaken = await ask(app, "{ posts { colour } }");
    expect([mistaken.status, mistaken.body.errors[0].message]).toEqual([
      400,
      'Cannot query field "colour" on type "Post".',
    ]);
    expect(logged).not.toHaveBeenCalled();
    await redis.set("likes:2", "no set");
    const { body } = await ask(app, "{ posts(first: 3) { title likes } }");
    expect(body.errors).toEqual([
      { message: "Internal error", path: ["posts", 1, "likes"], locations: expect.any(Array) },
    ]);
    expect(logged).toHaveBeenCalledWith(expect.stringMatching(/^ReplyError: WRONGTYPE/));
  });

  it("logs nothing of a client that hung up", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const proxy = await startFaultProxy(server.port);
    onTestFinished(() => proxy.stop());
    const redis = tickpipe(server.client({ port: proxy.port }));
    await redis.ping();
    const listening = createApp(redis, usersUrl).listen(0, "127.0.0.1");
    onTestFinished(() => void listening.close());
    await once(listening, "listening");
    // Hangs up while the query waits for Redis, and waits until it has been answered to nobody.
    const hungUp = new AbortController();
    const answered = new Promise<string>((resolve) => {
      listening.once("request", (_req, res: ServerResponse) => {
        hungUp.abort();
        const end = res.end.bind(res) as (...args: unknown[]) => ServerResponse;
        res.end = (...args: unknown[]) => {
          resolve(String(args[0]));
          return end(...args);
        };
      });
    });
    proxy.strike("delay");
    const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/graphql?query=${encodeURIComponent(WHOLE)}`;
    await expect(fetch(url, { signal: hungUp.signal })).rejects.toThrow("aborted");
    expect(await answered).toContain("Internal error");
    proxy.strike("none");
    expect(logged).not.toHaveBeenCalled();
  });

  it("refuses a query that asks for more than its budget", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const redis = tickpipe(server.client());
    const app = createApp(redis, usersUrl);
    const { commands: setUp } = redis.tickpipe.stats();
    const fields = range(35).map((i) => `p${i}: posts(first: 20) { likes comments { text } }`);
    const { body } = await ask(app, `{ ${fields.join(" ")} }`);
    expect(body.errors[0].message).toBe("Internal error");
    expect(logged).toHaveBeenCalledWith(expect.stringMatching(/^TickpipeError: .*maxCommands/));
    // Most of the fields ask for the same, and share it; they count for the budget all the same.
    const { commands, deduplicated } = redis.tickpipe.stats();
    expect(commands + deduplicated - setUp).toBe(2_000);
  });
});
