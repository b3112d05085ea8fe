import { createServer } from "node:http";
import { tickpipe } from "@tickpipe/core";
import { countSocketWrites } from "@tickpipe/test-support";
import request from "supertest";
import { beforeAll, describe, expect, it } from "vitest";
import { listeners } from "../../examples/frameworks/src/listeners.ts";
import { seed } from "../../examples/frameworks/src/seed.ts";
import { range, useServer } from "../engine.ts";

const server = useServer();

beforeAll(() => seed(server.client()));

describe.each(Object.entries(listeners))("the app on %s", (_, listener) => {
  it("reads twenty posts in two writes, and knows no other path", async () => {
    const redis = tickpipe(server.client());
    await redis.ping();
    const app = createServer(await listener(redis));
    const writes = countSocketWrites(redis.stream);
    const { status, body } = await request(app).get("/posts");
    expect([status, body]).toEqual([200, range(20).map((i) => ({ id: String(i + 1), title: `Post ${i + 1}` }))]);
    expect(writes.take()).toBe(2);
    expect((await request(app).get("/nothing")).status).toBe(404);
  });
});
