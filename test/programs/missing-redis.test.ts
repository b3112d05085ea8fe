import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");

it("ends the tests with one line that says what is missing, where no server can be run", () => {
  const args = [vitest, "run", "--project", "redis-server", "test/integration/context.test.ts"];
  const env = { ...process.env, REDIS_SERVER: "/nowhere/redis-server" };
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: "utf8" });
  expect(stderr.trim()).toBe(
    "REDIS_SERVER is /nowhere/redis-server, which is no program that can be run. Set it to a redis-server or valkey-server, or unset it.",
  );
  expect(status).not.toBe(0);
});
