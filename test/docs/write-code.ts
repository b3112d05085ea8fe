// `pnpm docs:code`: puts the code of the example files into the pages that show it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { withCode } from "./code-blocks.ts";
import { pages, ROOT, read } from "./pages.ts";

for (const page of pages()) {
  const before = read(page);
  const after = withCode(before, read);
  if (after === before) continue;
  writeFileSync(join(ROOT, page), after);
  console.log(`${page}: rewritten`);
}
