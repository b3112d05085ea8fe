/*
 * `pnpm coverage`: runs the tests twice, without and with nothing but the differential and the fault tests, and tells what of
 * packages/<name>/src each has covered. It exits with 1 if a test has failed, or the first figure is below the least that is asked of each package.
 *
 * The two are apart because random programs and cut connections run through nearly all lines, and check of most of them only that nothing differs.
 */
import { execFile, spawn } from "node:child_process";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import coverage, { type CoverageMap } from "istanbul-lib-coverage";
import { createContext } from "istanbul-lib-report";
import reports from "istanbul-reports";
import { byPackage, textOf, tooLow } from "./figures.ts";
import { compilePage, pageCoverage } from "./page.ts";

const WORKSPACE = fileURLToPath(new URL("../../../", import.meta.url));
const REPORTS = join(WORKSPACE, "coverage");
const PAGE = join(REPORTS, "page");
const COMPILED_PAGE = join(REPORTS, "compiled-page");

/** The tests that compare random programs, or break connections at each byte. */
const isApart = (file: string): boolean =>
  /^test\/(differential|faults)\//.test(file) || file === "test/cluster/random-programs.test.ts";

await rm(PAGE, { recursive: true, force: true });
await mkdir(PAGE, { recursive: true });
await rm(COMPILED_PAGE, { recursive: true, force: true });
await compilePage(COMPILED_PAGE);

const failed: string[] = [];
const files = await testFiles();
const tests = await run(
  "tests",
  files.filter((file) => !isApart(file)),
);
tests.merge(await pageCoverage(COMPILED_PAGE, PAGE));
const apart = await run("apart", files.filter(isApart));

// No page was opened; its modules are in the figure all the same.
apart.merge(await pageCoverage(COMPILED_PAGE, null));

const both = coverage.createCoverageMap({});
// Copies: what is merged into a map first is taken as it is, and changed by what comes after.
for (const map of [tests, apart]) both.merge(JSON.parse(JSON.stringify(map)));
for (const [name, map] of Object.entries({ tests, apart, both })) {
  const context = createContext({ dir: join(REPORTS, name), coverageMap: map, defaultSummarizer: "nested" });
  for (const format of ["html", "json-summary", "lcovonly"] as const) reports.create(format).execute(context);
}

const figures = byPackage(tests, WORKSPACE);
console.log(`\nCoverage of packages/*/src by all tests but the differential and the fault tests:\n${textOf(figures)}`);
console.log(`by the differential and the fault tests alone:\n${textOf(byPackage(apart, WORKSPACE))}`);
console.log(`by all of them:\n${textOf(byPackage(both, WORKSPACE))}`);
console.log("Line by line: coverage/{tests,apart,both}/index.html.");
failed.push(
  ...tooLow(figures).map((text) => `Coverage by all tests but the differential and the fault tests: ${text}.`),
);
for (const text of failed) console.error(text);
process.exitCode = failed.length > 0 ? 1 : 0;

/** All files of tests of `vitest.config.ts`. */
async function testFiles(): Promise<string[]> {
  const { stdout } = await promisify(execFile)("npx", ["vitest", "list", "--filesOnly", "--json"], { cwd: WORKSPACE });
  const listed: { file: string }[] = JSON.parse(stdout);
  return [...new Set(listed.map(({ file }) => relative(WORKSPACE, file)))];
}

/** Runs tests, and reads what they have covered. */
async function run(name: string, args: string[]): Promise<CoverageMap> {
  const folder = join(REPORTS, name);
  const options = ["enabled", "reportOnFailure", "reporter=json", `reportsDirectory=${folder}`];
  const status = await exitOf("npx", ["vitest", "run", ...options.map((option) => `--coverage.${option}`), ...args]);
  if (status !== 0) failed.push(`Tests have failed (${name}).`);
  return coverage.createCoverageMap(JSON.parse(await readFile(join(folder, "coverage-final.json"), "utf8")));
}

function exitOf(command: string, args: string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: WORKSPACE,
      stdio: "inherit",
      env: { ...process.env, PAGE_COVERAGE: PAGE },
    });
    child.once("error", reject);
    child.once("exit", resolve);
  });
}
