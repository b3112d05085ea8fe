import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/**
 * The browser of the tests: `CHROMIUM`, if it is set, else the first of the known names on the PATH, else `null`.
 */
export function findChromium(): string | null {
  const { CHROMIUM, PATH = "" } = process.env;
  const folders = PATH.split(delimiter).filter((folder) => folder !== "");
  const known = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return (CHROMIUM ? [CHROMIUM] : known).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Before the browser's tests: sees to a Chromium, as root on Debian by installing it, or ends the run with one line that says what is missing. */
export default function setup(): void {
  if (findChromium() !== null) return;
  if (existsSync("/etc/debian_version") && process.getuid?.() === 0 && !process.env.CHROMIUM) {
    console.error("No chromium found: installing Debian's with apt-get, which takes a minute.");
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    spawnSync("apt-get", ["update"], { env, stdio: "ignore" });
    const packages = ["--no-install-recommends", "chromium"];
    spawnSync("apt-get", ["install", "-y", ...packages], { env, stdio: ["ignore", "ignore", "inherit"] });
    if (findChromium() !== null) return;
  }
  console.error(
    "No chromium found for the tests of the inspector's page. Install one, for example with `apt-get install -y chromium`, or name its program in CHROMIUM.",
  );
  process.exit(1);
}
