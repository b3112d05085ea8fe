import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type RunningServer, startRedisServer } from "@tickpipe/test-support";
import { afterAll, beforeAll, expect, it } from "vitest";

const run = promisify(execFile);
const workspace = new URL("../../", import.meta.url);

/** An application in a file of its own, with the core of packages/core/lib, which is the one that is published. */
const PROGRAM = `
import { Redis } from "${import.meta.resolve("ioredis")}";
import { tickpipe } from "${new URL("packages/core/lib/index.js", workspace)}";
import { expectNoWaterfall } from "${new URL("packages/core/lib/testing.js", workspace)}";

const redis = tickpipe(new Redis(Number(process.argv[2]), "127.0.0.1"));
const stacks = [];
const end = redis.tickpipe.record(({ calls }) => stacks.push(...calls.map(({ callSite }) => callSite.stack)), { callSites: true });
const scope = redis.tickpipe.scope();
async function load() {
  await scope.redis.get("a");
  await scope.redis.pipeline().get("a").exec();
}
await load();
scope.close();
end();

const message = await expectNoWaterfall(redis.tickpipe.client, async (inTest) => {
  for (const key of ["a", "b", "c"]) await inTest.get(key);
}).catch((error) => error.message);
console.log(JSON.stringify({ stacks, message, commands: redis.tickpipe.stats().commands }));
redis.disconnect();
`;

let server: RunningServer;
let folder: string;

beforeAll(async () => {
  await run(process.execPath, [fileURLToPath(new URL("packaging/dist/bundle-core.js", workspace))]);
  [server, folder] = await Promise.all([startRedisServer(), mkdtemp(join(tmpdir(), "published-core-"))]);
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true });
});

it("the published core leaves its own frames out of call sites, and its entry points know of the same views", async () => {
  const program = join(folder, "app.mjs");
  await writeFile(program, PROGRAM);
  const { stdout } = await run(process.execPath, [program, String(server.port)]);
  const { stacks, message, commands } = JSON.parse(stdout);
  expect(stacks).toHaveLength(2);
  for (const stack of stacks) {
    expect(stack.split("\n")[0]).toMatch(/^ {4}at (async )?load \(file:.*app\.mjs:\d+:\d+\)$/);
    expect(stack).not.toContain("/lib/");
  }
  expect(message).toMatch(/app\.mjs:\d+:\d+/);
  expect(message).not.toContain("/lib/shared/");
  // Counted by the one view, which was wrapped by one entry point and tested by another.
  expect(commands).toBe(5);
});
