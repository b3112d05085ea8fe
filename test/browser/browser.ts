import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { findChromium } from "../require-chromium.ts";

const ARGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

/** Where screenshots are kept, for people to look at. */
const SCREENSHOTS = fileURLToPath(new URL("../../coverage/screenshots/", import.meta.url));

/** Where it is kept what of the page's modules has run, for `pnpm coverage`; that is asked of Chromium only if it is set. */
const COVERAGE = process.env.PAGE_COVERAGE;

/** How long the page may take on a busy machine, in milliseconds; for `expect.poll`. */
export const PATIENCE = { timeout: 20_000 };

/** A browser with a profile of its own. */
export interface TestBrowser {
  /** A new page, and all that it complains of: errors, and what its policy does not let it do. */
  newPage(address: string, scheme?: "light" | "dark"): Promise<{ page: Page; complaints: string[] }>;
  closePages(): Promise<void>;
  close(): Promise<void>;
}

export async function openBrowser(): Promise<TestBrowser> {
  const profile = await mkdtemp(join(tmpdir(), "tickpipe-browser-"));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium() ?? "chromium",
    args: ARGS,
    viewport: { width: 1360, height: 860 },
    acceptDownloads: true,
    // Else a picture is taken in the middle of a change of colours.
    reducedMotion: "reduce",
  });
  return {
    newPage: async (address, scheme = "light") => {
      const page = await context.newPage();
      if (COVERAGE !== undefined) await page.coverage.startJSCoverage({ resetOnNavigation: false });
      await page.emulateMedia({ colorScheme: scheme });
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
      });
      await page.goto(address);
      return { page, complaints };
    },
    closePages: async () => {
      for (const page of context.pages()) {
        if (COVERAGE !== undefined) await keepCoverage(page, COVERAGE);
        await page.close();
      }
    },
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

async function keepCoverage(page: Page, folder: string): Promise<void> {
  const scripts = await page.coverage.stopJSCoverage();
  await writeFile(
    join(folder, `${randomUUID()}.json`),
    JSON.stringify(scripts.filter(({ url }) => /\/assets\/[\w-]+\.js$/.test(url))),
  );
}

/** Keeps a picture of a page. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: name !== "list" });
}

const AXE = createRequire(import.meta.url).resolve("axe-core");

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** Expects axe-core to find nothing that is serious, or worse. It is put in by the debugger: the page's policy lets no script of others in. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(await readFile(AXE, "utf8"));
  const { violations } = (await page.evaluate("axe.run(document)")) as AxeResults;
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`)).toEqual([]);
}
