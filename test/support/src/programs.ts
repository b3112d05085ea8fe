import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where the PATH has a program of this name; `null` if nowhere. */
export function onPath(name: string): string | null {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

/** Whether a file is a program that can be run. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether packages can be installed: as root on Debian. */
export function canInstall(): boolean {
  return existsSync("/etc/debian_version") && process.getuid?.() === 0;
}

/** Installs a package of Debian's. Whether that went well is to be seen by looking for what it brings. */
export function installPackage(name: string): void {
  // RUNLEVEL=1 keeps a package from starting a service of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  spawnSync("apt-get", ["update"], { env, stdio: "ignore" });
  const args = ["install", "-y", "--no-install-recommends", name];
  spawnSync("apt-get", args, { env, stdio: ["ignore", "ignore", "inherit"] });
}
