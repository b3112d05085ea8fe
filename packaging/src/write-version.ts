/*
 * After versions have been raised: has the core know its own, by which copies of it in one application tell each other.
 */
import { readFile, writeFile } from "node:fs/promises";

const core = new URL("../../packages/core/", import.meta.url);
const { version } = JSON.parse(await readFile(new URL("package.json", core), "utf8")) as { version: string };
const source = new URL("src/copies.ts", core);
const text = await readFile(source, "utf8");
await writeFile(source, text.replace(/(?<=export const VERSION = ")[^"]+/, version));
