/* pnpm bench:report: writes docs/benchmarks.md and its charts from the kept results. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pagesOf } from "./document.ts";
import { readProse, readResults } from "./sources.ts";

const docs = fileURLToPath(new URL("../../../docs/", import.meta.url));
const pages = pagesOf(readResults(), readProse());
rmSync(`${docs}charts`, { recursive: true, force: true });
mkdirSync(`${docs}charts`, { recursive: true });
for (const [path, text] of Object.entries(pages)) writeFileSync(docs + path, text);
process.stdout.write(`Wrote ${Object.keys(pages).length} files below docs/.\n`);
