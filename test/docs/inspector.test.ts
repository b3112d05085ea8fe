import { tickpipe } from "@tickpipe/core";
import express from "express";
import request from "supertest";
import { expect, it } from "vitest";
import { mount } from "../../examples/docs/src/inspector.ts";
import { useServer } from "../engine.ts";

const server = useServer();

it("docs/inspector.md: what is mounted so records requests and serves its page", async () => {
  const app = express();
  mount(app, tickpipe(server.client()));
  app.get("/", async (req, res) => {
    await req.redis.get("a");
    res.end();
  });
  const { headers } = await request(app).get("/");
  const address = headers["x-tickpipe-inspect"] ?? "";
  expect(address).toMatch(/^\/_tickpipe\/r\//);
  expect((await request(app).get(`${address}.json`)).body).toMatchObject({ path: "/" });
  await request(app).get("/_tickpipe/").expect(200);
});
