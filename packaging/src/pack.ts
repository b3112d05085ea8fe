import { execFile } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

const WORKSPACE = fileURLToPath(new URL("../../", import.meta.url));

/** The published packages, and how the name of each one's tarball begins. */
const TARBALLS = {
  "@tickpipe/core": "tickpipe-core-",
  "@tickpipe/express": "tickpipe-express-",
  "@tickpipe/inspector": "tickpipe-inspector-",
} as const;

export type PublishedPackage = keyof typeof TARBALLS;

/**
 * Packs the published packages as `pnpm publish` would, from what `tsc -b` has built.
 *
 * @param folder where to; is made if it is not there, and must hold no older tarballs of the packages
 * @returns the path of each package's tarball
 */
export async function packAll(folder: string): Promise<Record<PublishedPackage, string>> {
  const destination = resolve(folder);
  await mkdir(destination, { recursive: true });
  const [command, ...args] = pnpm();
  await run(command, [...args, "-r", "--filter", "./packages/*", "pack", "--pack-destination", destination], {
    cwd: WORKSPACE,
  });
  const files = await readdir(destination);
  const tarballs = Object.entries(TARBALLS).map(([name, start]): [string, string] => {
    const found = files.filter((file) => file.startsWith(start) && file.endsWith(".tgz"));
    if (found.length !== 1) throw new Error(`Expected one tarball of ${name} in ${destination}, got ${found.length}.`);
    return [name, join(destination, found[0] as string)];
  });
  return Object.fromEntries(tarballs) as Record<PublishedPackage, string>;
}

/** The pnpm that runs this script, or else the one that the README names. */
function pnpm(): [string, ...string[]] {
  const { npm_execpath: running = "" } = process.env;
  return basename(running) === "pnpm" ? [running] : ["npx", "-y", "pnpm@12.21.0"];
}
