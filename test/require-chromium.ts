import { canInstall, installPackage, isExecutable, onPath } from "@tickpipe/test-support";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/**
 * The browser of the tests: `CHROMIUM`, if it is set, else the first of the known names on the PATH, else `null`.
 */
export function findChromium(): string | null {
  const { CHROMIUM } = process.env;
  if (CHROMIUM) return isExecutable(CHROMIUM) ? CHROMIUM : null;
  return NAMES.map(onPath).find((program) => program !== null) ?? null;
}

/** Before the browser's tests: sees to a Chromium, as root on Debian by installing it, or ends the run with one line that says what is missing. */
export default function setup(): void {
  if (findChromium() !== null) return;
  if (canInstall() && !process.env.CHROMIUM) {
    console.error("No chromium found: installing Debian's with apt-get, which takes a minute.");
    installPackage("chromium");
    if (findChromium() !== null) return;
  }
  console.error(
    "No chromium found for the tests of the inspector's page. Install one, for example with `apt-get install -y chromium`, or name its program in CHROMIUM.",
  );
  process.exit(1);
}
