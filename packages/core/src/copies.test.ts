import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { afterEach, expect, it, vi } from "vitest";
import { expectWarning } from "../../../test/process-watch.ts";
import { VERSION } from "./copies.ts";

type Copy = typeof import("./tickpipe.ts");

/** Another copy of this package, of this version or of another. */
async function copyOf(version = VERSION): Promise<Copy> {
  vi.resetModules();
  vi.doMock("./copies.ts", async (importOriginal) => {
    const original = await importOriginal<typeof import("./copies.ts")>();
    return { ...original, VERSION: version };
  });
  return import("./tickpipe.ts");
}

const client = (): Redis => new Redis({ lazyConnect: true });
afterEach(() => vi.doUnmock("./copies.ts"));

it("a copy knows its version", () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  expect(VERSION).toBe(version);
});

it("a client that one copy has wrapped is wrapped once: another of the same version returns its view", async () => {
  const [first, second] = [await copyOf(), await copyOf()];
  expect(first.tickpipe).not.toBe(second.tickpipe);
  const raw = client();
  const view = first.tickpipe(raw, { flush: "nextTick" });
  expect(second.tickpipe(raw)).toBe(view);
  expect(second.tickpipe(view)).toBe(view);
  expect(raw.listenerCount("connect")).toBeLessThanOrEqual(1);
  const warnings = expectWarning("TICKPIPE_OPTIONS_IGNORED");
  expect(second.tickpipe(raw, { flush: "microtask" })).toBe(view);
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toHaveLength(1);
});

it("who watches a client by one copy hears of the calls of another's view", async () => {
  await copyOf();
  const { watchersOf: first } = await import("./observe/watchers.ts");
  await copyOf();
  const { watchersOf: second } = await import("./observe/watchers.ts");
  expect(first).not.toBe(second);
  const raw = client();
  expect(first(raw)).toBe(second(raw));
});

it("a client, or a view, of a copy of another version is refused with both versions", async () => {
  const first = await copyOf("0.0.1");
  const second = await copyOf("9.9.9");
  const raw = client();
  const view = first.tickpipe(raw);
  for (const given of [raw, view]) {
    const attempt = (): unknown => second.tickpipe(given);
    expect(attempt).toThrow(expect.objectContaining({ name: "TickpipeError", code: "ERR_TICKPIPE_TWO_COPIES" }));
    expect(attempt).toThrow("version 0.0.1 of @tickpipe/core, and this is version 9.9.9");
  }
  expect(first.tickpipe(raw)).toBe(view);
});
