import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { HOST, startRedisServer } from "@tickpipe/test-support";
import { expect, it, onTestFinished } from "vitest";

const test = (port: number): string => `
import { test } from "node:test";
import { tickpipe } from "@tickpipe/core";
import { expectNoWaterfall, expectRoundTrips } from "@tickpipe/core/testing";
import { Redis } from "ioredis";

const redis = tickpipe(new Redis(${port}, "${HOST}"));
test.after(() => redis.disconnect());

async function load(redis) {
  for (const id of ["a", "b"]) {
    await redis.get("user:" + id);
  }
}
test("fine", () => expectRoundTrips(redis, (own) => Promise.all([own.get("a"), own.get("b")]), { atMost: 1 }));
test("slow", () => expectNoWaterfall(redis, load));
`;

it("what @tickpipe/core/testing finds fails a test of node:test, with the line to change", async () => {
  const server = await startRedisServer();
  onTestFinished(() => server.stop());
  // Within this package, whose dependencies the file imports.
  const folder = await mkdtemp(fileURLToPath(new URL("../dist/node-test-", import.meta.url)));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = `${folder}/loop.test.mjs`;
  await writeFile(file, test(server.port));
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
  const child = spawn(process.execPath, ["--test", "--test-reporter=tap", file], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, "close");
  expect(code).toBe(1);
  expect(output).toMatch(/^ok 1 - fine$/m);
  expect(output).toMatch(/^not ok 2 - slow$/m);
  expect(output).toContain("Await in a loop: get was called 2 times, each after the reply to the one before.");
  expect(output).toMatch(/at load \(.*loop\.test\.mjs:12:17\)/);
});
