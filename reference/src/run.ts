import { ENTRY_POINTS, PAGES, SOURCES } from "./entry-points.ts";
import { writePages } from "./pages.ts";
import { readReference } from "./reference.ts";

/* `pnpm docs:api`: makes docs/api anew from the docstrings. */
await writePages(await readReference(ENTRY_POINTS, SOURCES), ENTRY_POINTS, PAGES);
