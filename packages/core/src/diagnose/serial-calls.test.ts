import { describe, expect, it } from "vitest";
import type { RecordedCall } from "../observe/records.ts";
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

  it("is not two calls of a helper that awaits something first", () => {
    const helper = (caller: number) => ({
      callSite: { stack: `${resumedAt(7).stack}\n    at async f (/app/a.js:${caller}:1)` },
    });
    expect(kinds({ ...helper(20), replyBytes: 4 }, helper(21))).toEqual([]);
    expect(kinds({ ...helper(20), replyBytes: 4 }, helper(20))).toEqual(["loop of 2, 10 ms"]);
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

  it.each([
    ...["blpop", "brpop", "blmove", "bzpopmin", "xread", "xreadgroup", "wait", "waitaof"],
    ...["ttl", "pttl", "object", "ping", "scan", "hscan", "srandmember"],
    ...["lpop", "spop", "zpopmin", "getdel", "set", "setnx", "incr", "del", "expire", "rpush"],
    ...["eval", "evalsha", "pipeline", "multi", "transaction", "watch", "json.get"],
  ])("is none of %s, which waits on the server, or whose order may matter", (command) => {
    expect(kinds(...loop(4, { command, method: command }))).toEqual([]);
    expect(kinds({}, { command, method: command }, {})).toEqual([]);
  });

  it("is not one that writes in between, since it may read what it has written", () => {
    const turns = loop(4).flatMap((read) => [read, { command: "set", method: "set" }]);
    expect(kinds(...turns)).toEqual([]);
  });

  it("is not one that a reply ends: the first that brings something, or that brings nothing", () => {
    const [some, none] = loop(2);
    expect(kinds({ ...none, replyBytes: 8 }, { ...none, replyBytes: 8 }, { ...some })).toEqual([]);
    expect(kinds({ ...some }, { ...some }, { ...none, replyBytes: 8 })).toEqual([]);
    expect(kinds({ ...none, replyBytes: 8 }, { ...some }, { ...some })).toEqual(["loop of 3, 20 ms"]);
    expect(kinds(...loop(3, { replyBytes: 8 }))).toEqual(["loop of 3, 20 ms"]);
  });

  it("is not one over portions of keys", () => {
    const turns = [1, 2, 3].map((n) => ({ keys: [`a:${n}`, `b:${n}`], callSite: resumedAt(7) }));
    expect(kinds(...turns.map((turn) => ({ ...turn, command: "mget", method: "mget" })))).toEqual([]);
  });

  it("is not going through a tree, whose keys earlier replies brought, the last or not", () => {
    const turns = loop(5).map((turn, i) => ({ ...turn, usesRepliesOf: i === 0 ? [] : [Math.floor((i - 1) / 2)] }));
    expect(kinds(...turns)).toEqual([]);
  });

  it("waits as well where its reads share the replies of other requests, and not where a memo answers", () => {
    expect(kinds(...loop(3, { answeredBy: "dedupe", commands: 0 }))).toEqual(["loop of 3, 20 ms"]);
    expect(kinds(...loop(3, { answeredBy: "memo", commands: 0 }))).toEqual([]);
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

  it("are not made of a page whose first element holds nothing that is new", () => {
    const page = { startedMs: 10, endedMs: 20, roundTrip: 2, method: "hgetall", command: "hgetall" };
    expect(kinds({}, page, { ...page, usesRepliesOf: [0] })).toEqual([]);
  });

  it("leave out what is asked again later, which another finding is about", () => {
    expect(kinds({ keys: ["user"] }, { usesRepliesOf: [0] }, { keys: ["user"] })).toEqual([]);
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
