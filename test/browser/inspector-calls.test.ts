import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { range, useServer } from "../engine.ts";
import { type ServedApp, serveApp, waterfallOf } from "../inspector/served-app.ts";
import { openBrowser, PATIENCE, type TestBrowser } from "./browser.ts";

const server = useServer();
let browser: TestBrowser;
let served: ServedApp;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

beforeEach(async () => {
  served = await serveApp(server.client(), { maxRequests: 1000, maxPerSecond: Number.POSITIVE_INFINITY });
  await served.redis.flushall();
  return async () => {
    await browser.closePages();
    await served.close();
  };
});

const address = (): string => `${served.base}/_tickpipe`;
const rows = (page: Page) => page.locator("table.requests tbody tr:not(.spacer)");
const calls = (page: Page) => page.locator(".waterfall .row");
const status = (page: Page) => page.locator(".status");
const focusedRow = (page: Page): Promise<string | undefined> =>
  page.evaluate("document.activeElement?.closest('tr')?.ariaRowIndex");

/** Runs something in a scope of its own, as a job would, and closes it. */
async function job(name: string, work: (redis: ServedApp["redis"]) => unknown): Promise<void> {
  const scope = served.redis.tickpipe.scope({ name, memo: true });
  await work(scope.redis);
  scope.close();
}

describe("a request's page", () => {
  it("shows each call for what it was: sent, shared, remembered, failed, or waiting still", async () => {
    const { redis } = served;
    await redis.set("accounts:text", "x".repeat(3000));
    let waiting: Promise<unknown> = Promise.resolve();
    await job("nightly", async (own) => {
      await own.lpush("accounts:text", "a").catch(() => {});
      await Promise.all([own.get("accounts:text"), own.get("accounts:text"), own.mget("accounts:a", "accounts:b")]);
      await own.get("accounts:text");
      await own.pipeline().get("accounts:a").get("accounts:b").exec();
      await own.lpush("accounts:text", "a").catch(() => {});
      waiting = own.blpop("accounts:queue", 0);
    });
    const { page, complaints } = await browser.newPage(address());
    const link = page.getByRole("link", { name: "scope nightly" });
    await link.waitFor();
    expect(await rows(page).locator(".code-column").textContent()).toContain("2 errors");
    await link.click();
    await calls(page).first().waitFor();
    const cells = async (cell: string) =>
      (await calls(page).locator(cell).allTextContents()).map((text) => text.trim());
    expect(await cells(".call b")).toEqual(["lpush", "get", "get", "mget", "get", "pipeline", "lpush", "blpop"]);
    expect((await cells(".key"))[1], "what all keys begin with is told once").toBe("…text");
    expect(await page.getByText("all keys begin with").textContent()).toContain("accounts:");
    const took = await cells(".took");
    expect([took[2], took[4], took[7]]).toEqual(["shared", "memo", "…"]);
    expect(await cells(".call .note")).toEqual(["+1", "+1", "2 commands"]);
    expect(await cells(".failure")).toEqual(["WRONGTYPE", "WRONGTYPE"]);
    expect(await calls(page).nth(1).locator(".unseen").textContent()).toContain("reply 2.9 KiB");
    const figures = await page.locator(".figures div").allTextContents();
    expect(figures.map((text) => text.replace(/\s+/g, " "))).toEqual(
      expect.arrayContaining(["Status–", expect.stringMatching(/^From the memo1$/)]),
    );
    // On the same connection it would wait behind what it is to end.
    await server.client().rpush("accounts:queue", "end");
    await waiting;
    expect(complaints).toEqual([]);
  });

  it("shows a long one in parts, and says of what it does not know", async () => {
    await job("import", (own) => Promise.all(range(1100).map((i) => own.set(`key:${i}`, "v"))));
    const { page } = await browser.newPage(address());
    await page.getByRole("link", { name: "scope import" }).click();
    await page.getByRole("button", { name: "Show 800 more calls" }).waitFor();
    expect(await calls(page).count()).toBe(200);
    expect(await page.getByText("100 more calls were made and not recorded.").count()).toBe(1);
    expect(await page.getByText("Of 800 calls the line was not kept").count()).toBe(1);
    await page.getByRole("button", { name: "Show 800 more calls" }).click();
    expect(await calls(page).count()).toBe(1000);
    expect(await calls(page).last().locator(".call").getAttribute("title")).not.toContain("test/browser");
    expect(await calls(page).first().locator(".call").getAttribute("title")).toContain("test/browser");
  });

  it("says which findings are guesses, which other lines they are about, and offers what to write", async () => {
    await served.redis.set("large", "x".repeat(2_500_000));
    await served.redis.set("medium", "x".repeat(20_000));
    served.app.get("/profile/:id", async function profile(req, res) {
      const user = await req.redis.hgetall("user:1");
      const posts = await req.redis.lrange("posts", 0, 9);
      const flags = await req.redis.smembers("flags");
      const [medium, large] = await Promise.all([req.redis.get("medium"), req.redis.get("large")]);
      res.json([user, posts, flags, medium?.length, large?.length]);
    });
    const { id } = await waterfallOf(served.base, "/profile/7");
    const { page, complaints } = await browser.newPage(`${address()}/r/${id}`);
    const series = page.locator(".finding", { hasText: "Independent calls in series" });
    await series.waitFor();
    expect(await series.locator(".guess").textContent()).toBe("a guess");
    expect(await series.locator(".also").textContent()).toMatch(/^with (test\/browser\S+:\d+(, )?){3}$/);
    expect(await series.locator(".at").textContent()).toMatch(/^test\/browser\S+:\d+ in profile$/);
    expect(await page.locator(".path code").textContent()).toBe("/profile/7");
    const marked = page.locator(".waterfall .row.marked");
    await series.getByRole("button", { name: "Mark 4 calls" }).click();
    expect(await marked.count()).toBe(4);
    await series.getByRole("button", { name: "Marked in the waterfall" }).click();
    expect(await marked.count()).toBe(0);
    const big = page.locator(".finding", { hasText: "A big reply" }).last();
    expect(await big.locator(".saves").count()).toBe(0);
    expect(await calls(page).nth(3).locator(".unseen").textContent()).toContain("reply 20 KiB");
    expect(await calls(page).last().locator(".unseen").textContent()).toContain("reply 2.4 MiB");
    expect(await calls(page).last().locator(".call").getAttribute("title")).toContain(" in profile");
    const copy = series.locator(".code button");
    await page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }");
    await copy.click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    expect(await page.evaluate("window.copied")).toBe(await series.locator("pre").textContent());
    // As where the page is served by HTTP from another machine.
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
    await series.getByRole("button", { name: "Copied" }).click();
    await page.getByRole("button", { name: "Select and copy it" }).waitFor();
    expect(complaints).toEqual([]);
  });
});

describe("the list", () => {
  it("tells statuses, and requests whose browser hung up, apart", async () => {
    const { app, base } = served;
    for (const code of [200, 404, 503]) {
      app.get(`/${code}`, async (req, res) => {
        await req.redis.get("x");
        res.status(code).end();
      });
      await waterfallOf(base, `/${code}`);
    }
    let reached = (): void => {};
    const isReached = new Promise<void>((resolve) => {
      reached = resolve;
    });
    app.get("/slow", async (req) => {
      await req.redis.get("x");
      reached();
    });
    const hangUp = new AbortController();
    const asked = fetch(`${base}/slow`, { signal: hangUp.signal }).catch(() => {});
    await isReached;
    hangUp.abort();
    await asked;
    const { page } = await browser.newPage(address());
    await page.getByRole("link", { name: "GET /slow" }).waitFor();
    const codes = page.locator(".code-column .code");
    expect(await codes.allTextContents()).toEqual(["hung up", "503", "404", "200"]);
    expect(await codes.evaluateAll((all) => all.map((each) => (each as { className: string }).className))).toEqual([
      ...["code bad", "code bad", "code warn", "code"],
    ]);
  });

  it("is gone through from end to end by keyboard, and finds the way back to a row far below", async () => {
    for (const i of range(120)) await job(`job ${i}`, (own) => own.ping());
    const { page } = await browser.newPage(address());
    await page.locator('table.requests[aria-rowcount="121"]').waitFor();
    await page.getByRole("link", { name: "scope job 119" }).focus();
    await page.keyboard.press("ArrowUp");
    expect(await focusedRow(page), "there is none above").toBe("2");
    await page.keyboard.press("End");
    await expect.poll(() => focusedRow(page), PATIENCE).toBe("121");
    await page.keyboard.press("ArrowUp");
    await expect.poll(() => focusedRow(page), PATIENCE).toBe("120");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "scope job 1" }).waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(() => focusedRow(page), { ...PATIENCE, message: "back where one was" }).toBe("120");
    await page.keyboard.press("Home");
    await expect.poll(() => focusedRow(page), PATIENCE).toBe("2");
  });

  it("leaves clicks that are the browser's own to it", async () => {
    await job("one", (own) => own.ping());
    const { page } = await browser.newPage(address());
    const link = page.getByRole("link", { name: "scope one" });
    const [opened] = await Promise.all([page.context().waitForEvent("page"), link.click({ modifiers: ["Control"] })]);
    await opened.getByRole("heading", { name: "scope one" }).waitFor();
    expect(await rows(page).count(), "the list stays").toBe(1);
    await link.click();
    const back = page.getByRole("link", { name: "All requests" });
    const [list] = await Promise.all([page.context().waitForEvent("page"), back.click({ modifiers: ["Control"] })]);
    await list.getByRole("link", { name: "scope one" }).waitFor();
    expect(await page.getByRole("heading", { name: "scope one" }).count()).toBe(1);
  });

  it("tells a screen reader now and then how many requests have come, and is there after one that is gone", async () => {
    const { page } = await browser.newPage(address());
    await page.clock.install();
    await page.goto(`${address()}/r/gone-1`);
    await page.getByRole("link", { name: "All requests" }).click();
    await page.getByRole("heading", { name: "Waiting for a request" }).waitFor();
    await job("one", (own) => own.ping());
    await page.getByRole("link", { name: "scope one" }).waitFor();
    await page.clock.fastForward(5_000);
    await page.getByText("1 new request, 1 in all").waitFor({ state: "attached" });
    expect(await focusedRow(page)).toBeUndefined();
  });

  it("is filtered, paused, cleared, and says when its application is gone", async () => {
    const { page } = await browser.newPage(address());
    await job("first", (own) => own.ping());
    await page.getByRole("link", { name: "scope first" }).waitFor();
    await page.getByRole("searchbox").fill("nothing like this");
    await page.getByRole("button", { name: "Show all" }).click();
    expect(await rows(page).count()).toBe(1);
    expect(await status(page).textContent()).toBe("Live");
    await page.getByRole("button", { name: "Pause" }).click();
    expect(await status(page).textContent()).toBe("Paused");
    await job("second", (own) => own.ping());
    await page.getByRole("button", { name: "Show 1 new request" }).waitFor();
    expect(await rows(page).count()).toBe(1);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByRole("heading", { name: "Waiting for a request" }).waitFor();
    await served.close();
    await page.getByRole("heading", { name: "Connecting" }).waitFor();
    expect(await status(page).textContent()).toBe("Connection lost, trying again");
  });
});

describe("a busy application", () => {
  it("is shown in part, and the page says how many came too fast", async () => {
    const busy = await serveApp(server.client(), { maxPerSecond: 1 });
    const scopes = async (count: number): Promise<void> => {
      for (const _ of range(count)) {
        const scope = busy.redis.tickpipe.scope({ name: "job" });
        await scope.redis.ping();
        scope.close();
      }
    };
    await scopes(1);
    const { page } = await browser.newPage(`${busy.base}/_tickpipe`);
    await rows(page).first().waitFor();
    await scopes(50);
    await page.getByText(/\d+ requests came too fast to be listed/).waitFor();
    await busy.close();
  });
});
