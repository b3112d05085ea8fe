import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { ENTRY_POINTS, PAGES, SOURCES } from "./entry-points.ts";
import { findingsIn } from "./findings.ts";
import { writePages } from "./pages.ts";
import { type Reference, readReference } from "./reference.ts";
import { allRules } from "./rules.ts";

const lackingIn = (reference: Reference): string[] => findingsIn(reference.project, allRules(reference));
/** Reading all sources takes some seconds. */
const TIMEOUT = 120_000;

describe("the API reference", () => {
  let reference: Reference;
  beforeAll(async () => {
    reference = await readReference(ENTRY_POINTS, SOURCES);
  }, TIMEOUT);

  it("has a docstring for whatever is public, with units, defaults and errors", { timeout: TIMEOUT }, () => {
    expect(lackingIn(reference)).toEqual([]);
  });

  it(
    "is in docs/api as the docstrings have it; `pnpm docs:api` makes it anew",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "tickpipe-reference-"));
      try {
        await writePages(reference, ENTRY_POINTS, folder);
        expect(pagesIn(PAGES)).toEqual(pagesIn(folder));
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    TIMEOUT,
  );
});

describe("the rules for docstrings", () => {
  it(
    "find what is missing, and nothing else",
    async () => {
      const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
      const pages = ["lacking", "bare"].map((page) => ({ specifier: page, page, source: fixture(`${page}.ts`) }));
      const found = lackingIn(await readReference(pages, fixture("tsconfig.json")));
      expect(found.sort()).toEqual([
        "bare.bare: has no docstring",
        "bare: has no docstring",
        'lacking.Behind: does not say what the type parameter "Room" is',
        "lacking.Bell.ring: throws, but has no @throws",
        "lacking.Door.colour: has no docstring",
        "lacking.Door.lock: names the type Hidden, which is not exported",
        "lacking.Door.lockUp: has no docstring",
        "lacking.Door.to.__type.floor: has no docstring",
        "lacking.DoorOptions.noDefaultMs: does not name its default",
        "lacking.DoorOptions.noUnit: does not name its unit",
        "lacking.DoorOptions.undocumented: does not name its default",
        "lacking.DoorOptions.undocumented: has no docstring",
        "lacking.breakOpen: has a @throws {TickpipeError} without an error code",
        "lacking.knock: does not say what it returns",
        'lacking.knock: does not say what the parameter "hard" is',
        "lacking.open: takes options, but has no @throws with ERR_TICKPIPE_INVALID_OPTION",
        "lacking.throwsWithin: throws, but has no @throws",
        "lacking.undocumented: has no docstring",
      ]);
    },
    TIMEOUT,
  );
});

function pagesIn(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}
