import { readFile } from "node:fs/promises";
import type { RequestDetail } from "@tickpipe/inspector";
import autocannon from "autocannon";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { type ServedApp, serveApp, waterfallOf } from "../inspector/served-app.ts";
import { expectAccessible, keepScreenshot, openBrowser, PATIENCE, type TestBrowser } from "./browser.ts";

const server = useServer();
let browser: TestBrowser;
let served: ServedApp;

const KEYS = {
  markup: '<script>document.title = "owned"</script><img src=x onerror="document.title=\'owned\'">',
  lineEnd: "a\r\nb\u202ec",
};

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

beforeEach(async () => {
  served = await serveApp(server.client(), { maxRequests: 1000, maxPerSecond: Number.POSITIVE_INFINITY });
  const { app, redis } = served;
  await redis.rpush("posts", ...range(8).map(String));
  for (const id of range(8)) await redis.hset(`post:${id}`, { title: `Post ${id}` });
  app.get("/posts", async (req, res) => {
    const ids = await req.redis.lrange("posts", 0, -1);
    res.json(await Promise.all(ids.map((id) => req.redis.hgetall(`post:${id}`))));
  });
  app.get("/feed", async (req, res) => {
    const ids = await req.redis.lrange("posts", 0, -1);
    const posts = [];
    for (const id of ids) {
      const post = await req.redis.hgetall(`post:${id}`);
      posts.push(post);
    }
    res.json(posts);
  });
  app.get("/hostile", async (req, res) => {
    const keys = [KEYS.markup, KEYS.lineEnd, "k".repeat(100_000), Buffer.from([0xff, 0xfe, 0])];
    res.json(await Promise.all(keys.map((key) => req.redis.get(key))));
  });
  return async () => {
    await browser.closePages();
    await served.close();
    await redis.del("posts");
  };
});

const pageAddress = (): string => `${served.base}/_tickpipe`;
const rows = (page: Page) => page.locator("table.requests tbody tr:not(.spacer)");
const focusedText = (page: Page): Promise<string | undefined> =>
  page.evaluate("document.activeElement?.textContent?.trim()");

describe("the inspector's page", () => {
  it("shows requests as they come, under load, and what to change in one of them", async () => {
    const { page, complaints } = await browser.newPage(pageAddress());
    await page.getByRole("heading", { name: "Waiting for a request" }).waitFor();
    await keepScreenshot(page, "empty");
    const load = autocannon({
      url: served.base,
      connections: 4,
      duration: 1,
      requests: ["/posts", "/feed"].map((path) => ({ path })),
    });
    await rows(page).first().waitFor();
    await load;
    const { id } = await waterfallOf(served.base, "/feed");
    const latest = page.locator(`table.requests a[href$="/r/${id}"]`);
    await latest.waitFor();
    expect(await page.locator(".histogram canvas").count(), "sizes of batches, and latencies").toBe(2);
    await keepScreenshot(page, "list");
    await latest.click();
    const finding = page.locator(".finding");
    await finding.getByRole("heading", { name: "Await in a loop" }).waitFor();
    const lines = (await readFile(new URL(import.meta.url), "utf8")).split("\n");
    const line = lines.findIndex((text) => text.includes("const post = await req.redis.hgetall")) + 1;
    expect(await finding.locator(".at code").textContent()).toBe(`test/browser/inspector-page.test.ts:${line}`);
    expect(await finding.locator(".saves").textContent()).toContain("7 round trips");
    expect(await finding.locator("pre").textContent()).toMatch(/Promise\.all\(\n {2}Array\.from\(ids, \(id\) => req/);
    expect(await page.locator(".waterfall .row").count()).toBe(9);
    expect(await page.locator(".figures dd").nth(4).textContent()).toMatch(/9 now, possible: →\s*2/);
    await finding.getByRole("button", { name: "Mark 8 calls" }).click();
    expect(await page.locator(".waterfall .row.marked").count()).toBe(8);
    await keepScreenshot(page, "request");
    const background = (): Promise<string> => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const light = await background();
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await background()).not.toBe(light);
    await keepScreenshot(page, "request-dark");
    const downloading = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download" }).click();
    const download = await downloading;
    const detail: RequestDetail = JSON.parse(await readFile(await download.path(), "utf8"));
    expect(detail).toMatchObject({ route: "/feed", roundTrips: 9, possibleRoundTrips: 2 });
    expect(download.suggestedFilename()).toBe(`tickpipe-${detail.id}.json`);
    await page.goBack();
    await rows(page).first().waitFor();
    expect(complaints).toEqual([]);
  });

  it("can be gone through by keyboard alone", async () => {
    for (const path of ["/feed?1", "/posts?2", "/feed?3"]) await waterfallOf(served.base, path);
    const { page, complaints } = await browser.newPage(pageAddress());
    await rows(page).nth(2).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("loop");
    await expect.poll(() => rows(page).count(), PATIENCE).toBe(2);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    expect(await page.getByRole("checkbox").isChecked()).toBe(true);
    for (const name of ["Pause", "Clear", "GET /feed"]) {
      await page.keyboard.press("Tab");
      expect(await focusedText(page)).toContain(name);
    }
    await page.keyboard.press("ArrowDown");
    const second = await page.evaluate("document.activeElement.closest('tr').ariaRowIndex");
    expect(second).toBe("3");
    await page.keyboard.press("Enter");
    await expect.poll(() => focusedText(page), { ...PATIENCE, message: "the heading is read out" }).toBe("GET /feed");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe("What to write instead");
    await page.keyboard.press("Tab");
    expect(await focusedText(page)).toBe("Copy");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.locator(".waterfall .row.marked").count()).toBe(8);
    await page.keyboard.press("Escape");
    await expect
      .poll(() => page.evaluate("document.activeElement.closest('tr')?.ariaRowIndex"), {
        ...PATIENCE,
        message: "back where one was",
      })
      .toBe("4");
    expect(complaints).toEqual([]);
  });

  it.each(["light", "dark"] as const)("is accessible in %s", async (scheme) => {
    const empty = await browser.newPage(pageAddress(), scheme);
    await empty.page.getByRole("heading", { name: "Waiting for a request" }).waitFor();
    await expectAccessible(empty.page);
    for (const path of ["/feed", "/posts", "/hostile"]) await waterfallOf(served.base, path);
    await rows(empty.page).nth(2).waitFor();
    await expectAccessible(empty.page);
    await empty.page.getByRole("link", { name: "GET /feed" }).click();
    await empty.page.locator(".finding button[aria-pressed]").click();
    await expectAccessible(empty.page);
    expect(empty.complaints).toEqual([]);
  });

  it("shows hostile keys as text", async () => {
    const { id } = await waterfallOf(served.base, "/hostile");
    const { page, complaints } = await browser.newPage(`${pageAddress()}/r/${id}`);
    const keys = page.locator(".waterfall .key");
    await keys.nth(3).waitFor();
    expect(await keys.nth(0).textContent()).toBe(KEYS.markup);
    expect(await keys.nth(1).textContent()).toBe("a\\u000d\\u000ab\\u202ec");
    expect((await keys.nth(2).textContent())?.length).toBe(120);
    expect(await page.title()).toBe("Tickpipe inspector");
    expect(await page.locator("main script, main img").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it("runs no script and no style that is not its own", async () => {
    const { page } = await browser.newPage(pageAddress());
    await page.evaluate(`
      addEventListener("securitypolicyviolation", ({ effectiveDirective }) => (window.stopped = effectiveDirective));
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      document.body.append(script);`);
    expect(await page.evaluate("window.ran")).toBeUndefined();
    await expect.poll(() => page.evaluate("window.stopped"), PATIENCE).toBe("script-src-elem");
  });

  it("says so where a request is gone", async () => {
    const { page } = await browser.newPage(`${pageAddress()}/r/gone-1`);
    await page.getByRole("heading", { name: "This request is not here" }).waitFor();
    await page.getByRole("link", { name: "All requests" }).click();
    await page.getByRole("heading", { name: "Waiting for a request" }).waitFor();
  });

  it("holds a thousand requests, of which it draws those that are seen", async () => {
    served.app.get("/one", async (req, res) => {
      res.json(await req.redis.llen("posts"));
    });
    await autocannon({ url: `${served.base}/one`, connections: 8, amount: 1050 });
    const { page, complaints } = await browser.newPage(pageAddress());
    await rows(page).first().waitFor();
    await expect.poll(() => page.locator("table.requests").getAttribute("aria-rowcount"), PATIENCE).toBe("1001");
    expect(await rows(page).count()).toBeLessThan(80);
    // Told, and not judged: how long a frame takes is the machine's business too.
    const slowest = (await page.evaluate(`new Promise((resolve) => {
      let slowest = 0;
      let frames = 0;
      let last = performance.now();
      const step = (now) => {
        slowest = frames < 5 ? 0 : Math.max(slowest, now - last);
        last = now;
        scrollBy(0, 700);
        if (++frames < 60) requestAnimationFrame(step);
        else resolve(slowest);
      };
      requestAnimationFrame(step);
    })`)) as number;
    console.log(`the slowest of 55 frames of a fast scroll took ${slowest.toFixed(1)} ms`);
    const last = page.locator('tr[aria-rowindex="1001"]');
    await page.evaluate("scrollTo(0, document.body.scrollHeight)");
    await last.waitFor();
    await page.getByRole("searchbox").fill("nothing like this");
    await page.getByText("No request matches.").waitFor();
    expect(complaints).toEqual([]);
  });

  it("does not move the list under somebody who goes through it", async () => {
    await waterfallOf(served.base, "/feed");
    const { page } = await browser.newPage(pageAddress());
    await rows(page).first().waitFor();
    await page.getByRole("link", { name: "GET /feed" }).focus();
    await waterfallOf(served.base, "/posts");
    const show = page.getByRole("button", { name: "Show 1 new request" });
    await show.waitFor();
    expect(await rows(page).count()).toBe(1);
    await show.click();
    expect(await rows(page).count()).toBe(2);
    expect(await rows(page).first().textContent()).toContain("/posts");
  });
});
