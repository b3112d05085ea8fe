import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { convert } from "ast-v8-to-istanbul";
import coverage, { type CoverageMap } from "istanbul-lib-coverage";
import { parseAstAsync } from "vitest/node";

const WORKSPACE = fileURLToPath(new URL("../../../", import.meta.url));

type V8Function = Parameters<typeof convert>[0]["coverage"]["functions"][number];

/** What Chromium has counted in one module of a page. */
interface BrowserScript {
  readonly url: string;
  readonly source?: string;
  readonly functions: V8Function[];
}

/**
 * Compiles the modules of the inspector's page once more, with the source maps that the inspector has no use for. The code is the same,
 * and its types have been checked by `tsc -b`.
 *
 * @param folder where to
 */
export async function compilePage(folder: string): Promise<void> {
  const project = ["-p", "packages/inspector/tsconfig.page.json", "--composite", "false", "--incremental", "false"];
  await promisify(execFile)("npx", ["tsc", ...project, "--noCheck", "--sourceMap", "--outDir", folder], {
    cwd: WORKSPACE,
  });
}

/**
 * The coverage of the inspector's page, of which Node runs nothing.
 *
 * @param compiled where `compilePage` has put the modules
 * @param folder where `test/browser` has put what Chromium counted (`PAGE_COVERAGE`): a JSON array of scripts for each page that was opened; `null` where
 *   none was
 */
export async function pageCoverage(compiled: string, folder: string | null): Promise<CoverageMap> {
  const map = coverage.createCoverageMap({});
  const modules = (await readdir(compiled)).filter((file) => file.endsWith(".js"));
  // Each module once without a count, so that one that no page has loaded is in the figure.
  for (const module of modules) map.merge(await istanbulOf(join(compiled, module), []));
  for (const file of folder === null ? [] : await readdir(folder)) {
    const scripts: BrowserScript[] = JSON.parse(await readFile(`${folder}/${file}`, "utf8"));
    for (const { url, source, functions } of scripts) {
      const module = basename(new URL(url).pathname);
      if (modules.includes(module)) map.merge(await istanbulOf(join(compiled, module), functions, source));
    }
  }
  return map;
}

async function istanbulOf(module: string, functions: V8Function[], served?: string): Promise<CoverageMap> {
  const code = await readFile(module, "utf8");
  // The places of the counts are offsets in what was served, which lacks the last line of what was compiled here.
  if (served !== undefined && !code.startsWith(served.trimEnd()))
    throw new Error(`Chromium ran another ${basename(module)}.`);
  const url = pathToFileURL(module).href;
  const sourceMap = JSON.parse(await readFile(`${module}.map`, "utf8"));
  sourceMap.sources = sourceMap.sources.map((source: string) => new URL(source, url).href);
  const ast = await parseAstAsync(code);
  return coverage.createCoverageMap(await convert({ code, sourceMap, ast, coverage: { url, functions } }));
}
