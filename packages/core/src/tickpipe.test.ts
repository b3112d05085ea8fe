import { createRequire } from "node:module";
import { Cluster, Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis5";
import { describe, expect, it } from "vitest";
import { expectWarning } from "../../../test/process-watch.ts";
import { tickpipe } from "./tickpipe.ts";

/** It has no types. */
const Redis4: typeof Redis = createRequire(import.meta.url)("ioredis4");
const offline = { lazyConnect: true } as const;

const refusal = (client: unknown, options?: unknown): unknown => {
  try {
    tickpipe(client as Redis, options as never);
  } catch (error) {
    return error;
  }
  return undefined;
};

describe("tickpipe", () => {
  it.each([
    ["nothing", undefined, "got undefined"],
    ["null", null, "got null"],
    ["a URL", "redis://user:hunter2@localhost", "Pass the client, not its URL"],
    ["a class", Redis, "Pass an instance, not the class"],
    ["an object", {}, "got an object"],
    ["a promise of a client", Promise.resolve(new Redis(offline)), "Await the promise first"],
    ["a pipeline", new Redis(offline).pipeline(), "Wrap the client before it makes the pipeline"],
    ["a client of ioredis 4", new Redis4(offline), "of ioredis 4: update to ioredis 5.4 or later"],
    [
      "a Cluster of ioredis 4",
      new Redis4.Cluster([{ port: 1 }], offline),
      "of ioredis 4: update to ioredis 5.4 or later",
    ],
    [
      "a client of node-redis",
      { sendCommand() {}, isOpen: true, options: {} },
      "(node-redis) package are not supported",
    ],
  ])("refuses %s and says what to do", (_name, value, said) => {
    const error = refusal(value);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: "ERR_TICKPIPE_INVALID_CLIENT" });
    expect(String(error)).toContain("Expected an ioredis client, as in tickpipe(new Redis())");
    expect(String(error)).toContain(said);
    expect(String(error)).not.toContain("hunter2");
  });

  it("wraps a Cluster, and what it duplicates", () => {
    const cluster = new Cluster([{ host: "127.0.0.1", port: 1 }], offline);
    const view = tickpipe(cluster);
    expect(view.tickpipe.client).toBe(cluster);
    const twin = view.duplicate([{ host: "127.0.0.1", port: 2 }], { scaleReads: "all" });
    expect(twin.tickpipe.client).not.toBe(cluster);
    expect(twin.options.scaleReads).toBe("all");
    expect(() => view.duplicate([], { enableAutoPipelining: true })).toThrow("enableAutoPipelining");
    for (const each of [cluster, twin]) each.disconnect();
  });

  it.each([Redis, Redis5 as unknown as typeof Redis])("refuses a client with enableAutoPipelining", (Client) => {
    const client = new Client({ ...offline, enableAutoPipelining: true });
    expect(refusal(client)).toMatchObject({ name: "TickpipeError", code: "ERR_TICKPIPE_AUTOPIPELINING" });
    expect(String(refusal(client))).toContain("Create the client without that option");
  });

  it("refuses a wrong option before it touches the client", () => {
    const client = new Redis(offline);
    expect(refusal(client, { flush: "soon" })).toMatchObject({ code: "ERR_TICKPIPE_INVALID_OPTION" });
    expect(client.listenerCount("connect")).toBe(0);
    expect(refusal(tickpipe(client), { flush: "soon" })).toMatchObject({ code: "ERR_TICKPIPE_INVALID_OPTION" });
  });

  it("wraps a client once, and warns of options that come too late", async () => {
    const client = new Redis(offline);
    const redis = tickpipe(client, { flush: "nextTick" });
    expect(tickpipe(client, { flush: "nextTick" })).toBe(redis);
    expect(tickpipe(redis)).toBe(redis);
    await new Promise((resolve) => setImmediate(resolve));
    const warnings = expectWarning("TICKPIPE_OPTIONS_IGNORED");
    expect(tickpipe(client, { flush: "microtask" })).toBe(redis);
    expect(tickpipe(redis, { maxBatchBytes: 5 })).toBe(redis);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toHaveLength(2);
  });

  it.each([
    [{ nam: "x" }, 'no option named by the string "nam"'],
    [{ name: 5 }, 'Expected option "name" of scope() to be a string, got the number 5'],
    [5, "Expected the options of scope() to be an object"],
    [[], "Expected the options of scope() to be an object, got an array"],
    [Object.create({ deadlineMs: -1 }), 'Expected option "deadlineMs" of scope() to be a property of the options'],
    [{ deadlineMs: -1 }, 'Expected option "deadlineMs" of scope() to be a number of milliseconds'],
  ])("refuses the scope options %j", (options, said) => {
    const redis = tickpipe(new Redis(offline));
    expect(() => redis.tickpipe.scope(options as never)).toThrow(said);
    expect(redis.tickpipe.scope({ name: "report" }).name).toBe("report");
  });
});
