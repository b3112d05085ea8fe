import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const visits = fileURLToPath(new URL("../../examples/articles/dist/visits.js", import.meta.url));

it("the articles example asks Postgres once for what 200 visitors want at once, and serves from it without Redis", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [visits]);
  expect(stderr).toBe("");
  const articles = [1, 2, 3, 4, 5].map((id) => `Article ${id}`);
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({
    cold: { visitors: 200, titles: [[...articles, null]] },
    warm: { visitors: 200, titles: [[...articles, null]] },
    renamed: { visitors: 200, titles: [["Renamed", "Article 2"]] },
    withoutRedis: { visitors: 200, titles: [["Renamed", "Article 2", "Article 3"]] },
    stats: { failedKeys: 0, decodeErrors: 0 },
  });
  // 1, 0 and 1 where Redis answers within its time limit, which a machine that is busy enough may keep it from.
  expect(result.cold.queries + result.warm.queries + result.renamed.queries).toBeLessThan(20);
  expect(result.withoutRedis.queries).toBeGreaterThanOrEqual(1);
});
