import { afterEach, describe, expect, it, vi } from "vitest";
import { framesOfResumed, ownFrames, shownFrame, takeCallSite } from "./call-site.ts";

const stack = [
  "    at load (file:///app/posts.js:12:31)",
  "    at Array.map (<anonymous>)",
  "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
  "    at async Promise.all (index 0)",
  "    at async Layer.handle (/app/node_modules/router/index.js:1:2)",
  "    at async node:internal/main:1:2",
  "    at async file:///app/server.js:3:4",
].join("\n");

const { stackTraceLimit } = Error;
afterEach(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

describe("a call site", () => {
  it("leaves this package's frames out, also where the application wanted no stacks when it was loaded", async () => {
    Error.stackTraceLimit = 0;
    vi.resetModules();
    const loadedAnew = await import("./call-site.ts");
    expect(Error.stackTraceLimit).toBe(0);
    // This test is in the package as well.
    const { stack } = loadedAnew.takeCallSite(loadedAnew.takeCallSite);
    expect(stack).toContain("node_modules");
    expect(stack).not.toContain("call-site");
  });

  it("leaves Node, V8 and packages out of the user's own frames, unless there are no others", () => {
    expect(ownFrames({ stack })).toEqual([
      "at load (file:///app/posts.js:12:31)",
      "at async file:///app/server.js:3:4",
    ]);
    expect(ownFrames({ stack: "    at f (/x/node_modules/y.js:1:2)" })).toEqual(["at f (/x/node_modules/y.js:1:2)"]);
    expect(ownFrames({ stack: "" })).toEqual([]);
  });

  it("tells what was resumed from an await, if the stack says so", () => {
    expect(framesOfResumed({ stack })).toEqual(["at load (file:///app/posts.js:12:31)"]);
    expect(framesOfResumed({ stack: "    at f (/x.js:1:2)" })).toBeNull();
  });

  it("is shown from the working directory", () => {
    expect(shownFrame(`at async f (file://${process.cwd()}/a/b.js:1:2)`)).toBe("f (a/b.js:1:2)");
    expect(shownFrame("at /elsewhere/b.js:1:2")).toBe("/elsewhere/b.js:1:2");
  });

  it("is taken without a lasting change of the limit, and lets an application write stacks as it likes", () => {
    const { stackTraceLimit, prepareStackTrace } = Error;
    const site = (function caller() {
      return takeCallSite(caller);
    })();
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
    expect(site.stack).toContain("node_modules");
    try {
      Error.prepareStackTrace = () => ({ no: "text" });
      expect(takeCallSite(() => {}).stack).toBe("");
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
  });

  it("has its lines where what the application writes stacks by throws, and this package loads there", async () => {
    const { prepareStackTrace } = Error;
    const thrower = () => {
      throw new Error("no stack");
    };
    try {
      Error.prepareStackTrace = thrower;
      vi.resetModules();
      const loadedAnew = await import("./call-site.ts");
      const { stack } = loadedAnew.takeCallSite(loadedAnew.takeCallSite);
      expect(stack).toContain("node_modules");
      expect(stack).not.toContain("call-site");
      expect(Error.prepareStackTrace).toBe(thrower);
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
  });
});
