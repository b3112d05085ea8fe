import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const REFERENCE = fileURLToPath(new URL("..", import.meta.url));
const PAGES = join(REFERENCE, "../docs/api");
const TYPEDOC = join(dirname(createRequire(import.meta.url).resolve("typedoc/package.json")), "bin/typedoc");

/** Reading all sources takes some seconds. */
const TIMEOUT = 120_000;

function pagesIn(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

it("every public name has a docstring, and docs/api shows it: `pnpm docs:api` writes docs/api", {
  timeout: TIMEOUT,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "tickpipe-reference-"));
  try {
    // TypeDoc exits with an error for a public name without a docstring, or a link that leads nowhere.
    execFileSync(process.execPath, [TYPEDOC, "--out", folder], { cwd: REFERENCE, stdio: "pipe" });
    expect(pagesIn(PAGES)).toEqual(pagesIn(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
