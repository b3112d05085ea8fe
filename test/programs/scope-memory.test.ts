import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const program = fileURLToPath(new URL("./scope-memory.js", import.meta.url));

it("a million scopes, one in a hundred aborted, leave nothing behind", () => {
  const { heapGrowthMiB, collected, listeners } = JSON.parse(
    execFileSync(process.execPath, ["--expose-gc", program], { encoding: "utf8" }),
  );
  expect(heapGrowthMiB).toBeLessThan(5);
  expect(collected).toBeGreaterThan(900);
  expect(listeners).toEqual({ before: listeners.before, after: listeners.before });
});
