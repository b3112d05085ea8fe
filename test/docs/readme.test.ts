import { countSocketWrites } from "@tickpipe/test-support";
import express from "express";
import request from "supertest";
import { expect, it } from "vitest";
import { twoCalls, wrap as wrapOne } from "../../examples/docs/src/core.ts";
import { wrapOwn } from "../../examples/docs/src/own-app.ts";
import { test, wrap } from "../../examples/docs/src/readme.ts";
import { range } from "../engine.ts";
import { usePageServer } from "./page-server.ts";

const page = usePageServer();

it("README.md: the example answers with 20 posts and makes two writes, and the rest of its code does what is said", async () => {
  const { redis, app } = wrap(page.Redis);
  const posts = range(20).map((i) => ({ title: `Post ${i}` }));
  await redis.rpush("posts", ...range(20));
  await Promise.all(posts.map((post, i) => redis.hset(`post:${i}`, post)));

  const writes = countSocketWrites(redis.stream);
  const { body } = await request(app).get("/posts");
  expect(body).toEqual(posts);
  expect(writes.take()).toBe(2);

  const loadPosts = () => Promise.all(range(3).map((i) => redis.hgetall(`post:${i}`)));
  await test(redis, loadPosts);
  await expect(
    test(redis, async () => {
      for (const i of range(3)) await redis.hgetall(`post:${i}`);
    }),
  ).rejects.toThrow("Await in a loop");
});

it("README.md: the lines for an app of one's own gather its calls and open the inspector", async () => {
  const app = express();
  const redis = wrapOwn(app, page.Redis);
  app.get("/visits", async (req, res) => {
    res.json(await Promise.all(range(3).map(() => req.redis.incr("own:visits"))));
  });
  await redis.ping();
  const writes = countSocketWrites(redis.stream);
  const { headers, body } = await request(app).get("/visits");
  expect(body).toEqual([1, 2, 3]);
  expect(writes.take()).toBe(1);
  expect(headers["x-tickpipe-inspect"]).toMatch(/^\/_tickpipe\/r\//);
  await request(app).get("/_tickpipe/").expect(200);
});

it("the README of @tickpipe/core: two calls, one write", async () => {
  const redis = wrapOne(page.Redis);
  await redis.set("name", "Ann");
  const writes = countSocketWrites(redis.stream);
  expect(await twoCalls(redis)).toEqual({ name: "Ann", visits: 1 });
  expect(writes.take()).toBe(1);
});
