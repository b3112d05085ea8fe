import { describe, expect, it } from "vitest";
import type { RecordedCall } from "./records.ts";
import { serialCalls } from "./serial-calls.ts";

const RESUMED = "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)";
const at = (...lines: number[]) => ({ stack: lines.map((line) => `    at f (/app/a.js:${line}:1)`).join("\n") });
const resumedAt = (...lines: number[]) => ({ stack: `${at(...lines).stack}\n${RESUMED}` });

/** Reads one after another, 10 ms each, of a key of their own, from a line of their own, where nothing else is said. */
function calls(...differences: Partial<RecordedCall>[]): RecordedCall[] {
  return differences.map((more, i) => ({
    ...{ command: "get", method: "get", commands: 1, keys: [`key:${i}`], startedMs: i * 10, endedMs: i * 10 + 10 },
    ...{ roundTrip: i + 1, answeredBy: "redis", outcome: "ok", errorName: null, errorCode: null, replyBytes: 100 },
    ...{ usesRepliesOf: [], callSite: resumedAt(i + 1) },
    ...more,
  }));
}
const kinds = (...differences: Partial<RecordedCall>[]): string[] =>
  serialCalls(calls(...differences)).map((found) => `${found.kind} of ${found.calls.length}, ${found.savedMs} ms`);
const loop = (count: number, more: Partial<RecordedCall> = {}): Partial<RecordedCall>[] =>
  Array.from({ length: count }, () => ({ callSite: resumedAt(7), ...more }));

describe("serialCalls: a loop", () => {
  it("is the same line again and again, for different keys, and saves all but its longest call", () => {
    expect(kinds(...loop(4))).toEqual(["loop of 4, 30 ms"]);
  });

  it("may have begun before anything was awaited, further in, and a stack may leave out that it was resumed", () => {
    expect(kinds({ callSite: at(7, 20) }, ...loop(2))).toEqual(["loop of 3, 20 ms"]);
    const unsaid = { callSite: at(7) };
    expect(kinds(unsaid, unsaid, unsaid)).toEqual(["loop of 3, 20 ms"]);
    // Without that word, two calls of a helper, from two lines, look alike.
    expect(kinds({ ...unsaid, replyBytes: 4 }, unsaid)).toEqual([]);
  });

  it("is not one whose calls were made together, or for one key, or that still waits", () => {
    expect(kinds(...loop(3, { startedMs: 0, endedMs: 10 }))).toEqual([]);
    expect(kinds(...loop(3, { keys: ["job"] }))).toEqual([]);
    expect(kinds(...loop(2, { endedMs: null, outcome: "pending" }))).toEqual([]);
  });

  it("is not going from each reply to the next, though one may be met by chance", () => {
    expect(
      kinds({ callSite: resumedAt(7) }, ...[0, 1, 2].map((n) => ({ callSite: resumedAt(7), usesRepliesOf: [n] }))),
    ).toEqual([]);
    const once = loop(4);
    once[2] = { callSite: resumedAt(7), usesRepliesOf: [1] };
    expect(kinds(...once)).toEqual(["loop of 4, 30 ms"]);
  });

  it("is found without a guess at replies, and not without places", () => {
    const unknown = calls(...loop(3)).map(({ usesRepliesOf: _, ...call }) => call);
    expect(serialCalls(unknown).map(({ kind }) => kind)).toEqual(["loop"]);
    expect(kinds(...loop(3, { callSite: null, replyBytes: 4 }))).toEqual([]);
  });
});

describe("serialCalls: reads in series", () => {
  it("are reads of different lines, of which none needs another", () => {
    expect(kinds({}, { method: "hgetall", command: "hgetall" }, {})).toEqual(["series of 3, 20 ms"]);
  });

  it("are not those that hold something of a reply, or may be made because of one", () => {
    expect(kinds({}, { usesRepliesOf: [0] })).toEqual([]);
    expect(kinds({ replyBytes: 4 }, {}), "a flag is asked before it is acted upon").toEqual([]);
    expect(kinds({ outcome: "error", errorName: "ReplyError" }, {})).toEqual([]);
  });

  it("are not the same question again, which waits for another answer", () => {
    expect(kinds({ keys: ["job"] }, { keys: ["job"] })).toEqual([]);
    expect(kinds({ keys: ["job"] }, { keys: ["job"], command: "hgetall" })).toEqual(["series of 2, 10 ms"]);
  });

  it("end at a write, and go on after it", () => {
    expect(kinds({}, { command: "set" }, {})).toEqual([]);
    expect(kinds({}, {}, { command: "set" }, {}, {})).toEqual(["series of 2, 10 ms", "series of 2, 10 ms"]);
  });

  it("leave out what was not sent, and what was called meanwhile", () => {
    expect(kinds({}, { answeredBy: "memo", commands: 0 }, {})).toEqual(["series of 2, 10 ms"]);
    expect(kinds({}, { startedMs: 0 }, { startedMs: 20 })).toEqual(["series of 2, 10 ms"]);
  });
});
