// A test of an application, for Jest.
const { tickpipe } = require("@tickpipe/core");
const { expectNoWaterfall, expectRoundTrips } = require("@tickpipe/core/testing");
const { perRequest } = require("@tickpipe/express");
const { inspector } = require("@tickpipe/inspector");
const express = require("express");
const { Redis } = require("ioredis");

const redis = tickpipe(new Redis(process.env.REDIS_URL));
const page = inspector(redis);
const app = express();
app.use(perRequest(redis));
app.use("/_tickpipe", page);
app.get("/posts", async (req, res) => {
  res.json(await Promise.all(["1", "2"].map((id) => req.redis.get(`post:${id}`))));
});

let server;
beforeAll((done) => {
  server = app.listen(0, "127.0.0.1", done);
});
afterAll(async () => {
  page.close();
  server.close();
  await redis.quit();
});
const get = (path) => fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers: { connection: "close" } });

test("the posts take one round trip", async () => {
  const response = await expectRoundTrips(redis, () => get("/posts"), { atMost: 1 });
  expect(await response.json()).toEqual([null, null]);
});

test("the page's files are found", async () => {
  for (const file of ["", "assets/main.js", "assets/library/preact.js"]) {
    expect([file, (await get(`/_tickpipe/${file}`)).status]).toEqual([file, 200]);
  }
});

test("a waterfall", async () => {
  await expectNoWaterfall(redis, async (own) => {
    for (const id of ["1", "2"]) await own.get(`post:${id}`);
  });
});
