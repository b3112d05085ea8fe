import { describe, expect, it } from "vitest";
import { readStack } from "./stack.ts";

const read = (stack: string, isAwait = () => false) => readStack(stack.replaceAll(/^ {4}/gm, "    at "), isAwait);
const lines = (frames: readonly { line: number }[]) => frames.map(({ line }) => line);

describe("readStack", () => {
  it("reads names, paths, addresses of modules, lines and columns", () => {
    const { frames } = read(
      "    load (file:///app/my%20posts.mjs:12:31)\n    /app/a b/x.js:3:4\n    new Posts (/app/posts.ts:5:6)",
    );
    expect(frames).toEqual([
      { functionName: "load", file: "/app/my posts.mjs", line: 12, column: 31 },
      { functionName: null, file: "/app/a b/x.js", line: 3, column: 4 },
      { functionName: "new Posts", file: "/app/posts.ts", line: 5, column: 6 },
    ]);
  });

  it("leaves an address as it is that is no file of this machine", () => {
    const odd = ["file:///%2Fa.js", "file://elsewhere/a.js", "file:///%zz.js", "webpack://app/a.js"];
    const { frames } = read(odd.map((address) => `    f (${address}:1:2)`).join("\n"));
    expect(frames.map(({ file }) => file)).toEqual(odd);
  });

  it("tells what ran from what waits, and that an await was resumed", () => {
    const { frames, running, isResumed } = read(
      "    find (/app/a.js:1:1)\n    Array.map (<anonymous>)\n    list (/app/a.js:2:1)\n    process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n    async handler (/app/a.js:3:1)",
    );
    expect([lines(frames), lines(running), isResumed]).toEqual([[1, 2, 3], [1, 2], true]);
  });

  it("ends what ran at a library: what called it resumed nothing", () => {
    const { running, isResumed } = read(
      "    handler (/app/a.js:1:1)\n    next (/app/node_modules/express/lib/route.js:1:1)\n    session (/app/a.js:9:1)",
    );
    expect([lines(running), isResumed]).toEqual([[1], false]);
  });

  it("leaves out what is called within a library, up to the user's own code", () => {
    const { running } = read("    get (/app/node_modules/cache/x.js:1:1)\n    handler (/app/a.js:7:1)");
    expect(lines(running)).toEqual([7]);
  });

  it("knows a function without a name for one that waits by its place, where a tool has left out the word", () => {
    const stack = "    find (/app/a.js:1:1)\n    /app/a.js:2:1";
    expect(lines(read(stack, () => true).running)).toEqual([1]);
    expect(lines(read(stack, () => false).running)).toEqual([1, 2]);
  });

  it.each([
    "",
    "Error: no frames",
    "    eval (eval at run (/app/a.js:1:1), <anonymous>:1:1)",
    "    async Promise.all (index 0)",
    "    f (<anonymous>:1:1)",
  ])("finds nothing in %j", (stack) => {
    expect(read(stack)).toEqual({ frames: [], running: [], isResumed: false });
  });
});
