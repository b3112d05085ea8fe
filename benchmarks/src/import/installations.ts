import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { packAll } from "@tickpipe/packaging";

const CORE = fileURLToPath(new URL("../../../packages/core/", import.meta.url));
const IOREDIS = join(createRequire(join(CORE, "package.json")).resolve("ioredis"), "../..");

/** Folders from which a program can import ioredis and the core. */
export interface Installations {
  /** With the core as tsc has built it, a file for each of its modules. */
  readonly built: string;
  /** With the core of the tarball that would be published. */
  readonly packed: string;
  remove(): Promise<void>;
}

/** Makes them of what is in the workspace, so that nothing is fetched. */
export async function makeInstallations(): Promise<Installations> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "import-time-")));
  const built = join(root, "built");
  const packed = join(root, "packed");
  for (const folder of [built, packed]) await mkdir(join(folder, "node_modules", "@tickpipe"), { recursive: true });
  await symlink(CORE, join(built, "node_modules", "@tickpipe", "core"));
  await symlink(IOREDIS, join(built, "node_modules", "ioredis"));

  const tarballs = await packAll(join(root, "tarballs"));
  await promisify(execFile)("tar", ["-xzf", tarballs["@tickpipe/core"], "-C", root]);
  const core = join(packed, "node_modules", "@tickpipe", "core");
  await rename(join(root, "package"), core);
  await symlink(IOREDIS, join(packed, "node_modules", "ioredis"));
  return { built, packed, remove: () => rm(root, { recursive: true }) };
}
