import { describe, expect, it } from "vitest";
import type { RecordedCall } from "./records.ts";
import { serialCallsText, waterfallText } from "./waterfall.ts";

const call = (more: Partial<RecordedCall>): RecordedCall => ({
  ...{ command: "get", method: "get", commands: 1, keys: ["a"], startedMs: 0, endedMs: 2, roundTrip: 1 },
  ...{ answeredBy: "redis", outcome: "ok", errorName: null, errorCode: null, replyBytes: 8, callSite: null },
  ...more,
});
const SITE = { stack: "    at load (/app/posts.js:1:2)" };

describe("waterfallText", () => {
  it("has a line for each round trip, in columns", () => {
    const calls = [
      call({ callSite: SITE }),
      call({ command: "hgetall", keys: ["user:1"], startedMs: 2, endedMs: 12.5, roundTrip: 2 }),
    ];
    expect(waterfallText(calls).split("\n")).toEqual([
      "  trip  at      took     commands        called",
      "  1     0.0 ms  2.0 ms   get a           at load (/app/posts.js:1:2)",
      "  2     2.0 ms  10.5 ms  hgetall user:1",
    ]);
  });

  it.each<[string, Partial<RecordedCall>, string]>([
    ["still waits", { endedMs: null, outcome: "pending" }, "get a (still waits)"],
    ["failed in Redis", { outcome: "error", errorName: "ReplyError", errorCode: "WRONGTYPE" }, "(failed: WRONGTYPE)"],
    [
      "failed with an error without a code",
      { outcome: "error", errorName: "RangeError" },
      "get a (failed: RangeError)",
    ],
    ["had another's reply", { answeredBy: "dedupe", commands: 0 }, "get a (shared)"],
    ["had the memo's", { answeredBy: "memo", commands: 0 }, "get a (from the memo)"],
    ["has no key", { command: "ping", keys: [] }, "  ping"],
    ["is a pipeline", { command: "pipeline", commands: 3, keys: ["a", "b", "c", "d"] }, "of 3 a, b, c, and 1 more"],
  ])("tells of a call that %s", (_what, more, said) => {
    expect(waterfallText([call(more)]).split("\n")[1]).toContain(said);
  });

  it("takes a round trip in which all calls still wait for one that has taken no time", () => {
    expect(waterfallText([call({ startedMs: 5, endedMs: null, outcome: "pending" })])).toContain("5.0 ms  0.0 ms");
  });
});

describe("serialCallsText", () => {
  it("says where a loop is and what to write, and that without its place where the line was not kept", () => {
    const calls = [call({ callSite: SITE }), call({ callSite: SITE })];
    expect(serialCallsText({ kind: "loop", calls, savedMs: 4 })).toBe(
      [
        "Await in a loop: get was called 2 times, each after the reply to the one before. Together they save about 4.0 ms.",
        "    at load (/app/posts.js:1:2)",
        "  Call them together: await Promise.all(items.map((item) => redis.get(…)))",
      ].join("\n"),
    );
    expect(serialCallsText({ kind: "loop", calls: [call({}), call({})], savedMs: 4 })).not.toContain(" at ");
  });
});
