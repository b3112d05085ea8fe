import { expect, it } from "vitest";
import { filesIn, read } from "./pages.ts";

const headings = [...read("docs/errors.md").matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);

it("docs/errors.md has a section for each code, and for no other", () => {
  const codes = [...read("packages/core/src/errors.ts").matchAll(/^ {2}\| "(ERR_TICKPIPE_\w+)"/gm)].map(
    ([, code]) => code,
  );
  expect(codes.length).toBeGreaterThan(10);
  expect(headings.filter((heading) => heading?.startsWith("ERR_")).sort()).toEqual(codes.sort());
});

it("docs/errors.md has a section for each process warning, and for no other", () => {
  const sources = filesIn("packages", ".ts").filter((path) => path.includes("/src/") && !path.endsWith(".test.ts"));
  const warnings = sources.flatMap((path) => [...read(path).matchAll(/"(TICKPIPE_[A-Z_]+)"/g)].map(([, code]) => code));
  expect(headings.filter((heading) => heading?.startsWith("Warning")).sort()).toEqual(
    [...new Set(warnings)].map((code) => `Warning ${code}`).sort(),
  );
});
