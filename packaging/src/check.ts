/* pnpm check:packages: looks at the packages as they would be published, and at what nobody uses any more. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { minifyCore } from "./minify-core.ts";
import { packAll } from "./pack.ts";

const PACKAGING = fileURLToPath(new URL("../", import.meta.url));
const WORKSPACE = fileURLToPath(new URL("../../", import.meta.url));

interface Check {
  readonly name: string;
  readonly tool: string;
  readonly args: readonly string[];
  /** The folder that has the tool, and its configuration. */
  readonly in: string;
}

const folder = await mkdtemp(join(tmpdir(), "packages-"));
try {
  const tarballs = Object.entries(await packAll(folder));
  await minifyCore();
  const checks: Check[] = [
    // First, as it takes longest.
    { name: "unused files, exports and dependencies", tool: "knip", args: [], in: WORKSPACE },
    ...tarballs.map(([name, tarball]): Check => {
      // That `require` finds an ES module is meant: every Node in `engines` loads it. All else holds for CommonJS, too, and for the oldest way of finding types.
      const args = [tarball, "--ignore-rules", "cjs-resolves-to-esm", "--format", "ascii"];
      return { name: `types of ${name}`, tool: "attw", args, in: PACKAGING };
    }),
    ...tarballs.map(([name, tarball]): Check => {
      return { name: `manifest of ${name}`, tool: "publint", args: ["run", "--strict", tarball], in: PACKAGING };
    }),
    { name: "size of @tickpipe/core", tool: "size-limit", args: [], in: PACKAGING },
  ];
  // Two at a time, as more would only take each other's core.
  await Promise.all([runSome(checks), runSome(checks)]);
} finally {
  await rm(folder, { recursive: true });
}

/** Runs checks until there are no more. */
async function runSome(left: Check[]): Promise<void> {
  for (let check = left.shift(); check !== undefined; check = left.shift()) await run(check);
}

async function run({ name, tool, args, in: cwd }: Check): Promise<void> {
  try {
    const { stdout } = await promisify(execFile)(join(cwd, "node_modules/.bin", tool), [...args], { cwd });
    console.log(`ok      ${name} (${tool})${tool === "size-limit" ? `\n${stdout.trimEnd()}` : ""}`);
  } catch (error) {
    const {
      stdout = "",
      stderr = "",
      message,
    } = error as Error & { readonly stdout?: string; readonly stderr?: string };
    console.error(`failed  ${name} (${tool})\n${stdout || message}\n${stderr}`);
    process.exitCode = 1;
  }
}
