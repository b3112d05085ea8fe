import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root: of this file as of what is compiled from it. */
export const ROOT: string = rootAbove(dirname(fileURLToPath(import.meta.url)));

/** The text of a file by its path from the root. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The files below a folder whose names end so, by their paths from the root. */
export function filesIn(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending) && !/(^|\/)(node_modules|dist)\//.test(name))
    .map((name) => join(folder, name))
    .sort();
}

/** The pages whose code is run by tests. */
export function pages(): string[] {
  return [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    ...filesIn("docs", ".md"),
    ...filesIn("packages", "README.md"),
  ];
}

function rootAbove(folder: string): string {
  return readdirSync(folder).includes("pnpm-workspace.yaml") ? folder : rootAbove(dirname(folder));
}
