import type { RecordedCall, ScopeRecord } from "@tickpipe/core";
import { describe, expect, it } from "vitest";
import { RequestLog } from "./request-log.ts";

function recordOf(calls: number, keyLength = 5, callSite: object | null = { stack: "" }): ScopeRecord {
  const call = { keys: ["k".repeat(keyLength)], callSite };
  return { calls: Array.from({ length: calls }, () => call as unknown as RecordedCall) } as unknown as ScopeRecord;
}

function filled(log: RequestLog, ids: readonly string[], record = recordOf(1)): RequestLog {
  for (const id of ids) log.add(id, null, record);
  return log;
}

const idsIn = (log: RequestLog, after = 0, most = Number.POSITIVE_INFINITY): string[] =>
  log.newest(after, most).map(({ id }) => id);

describe("RequestLog", () => {
  it("keeps the newest", () => {
    const log = filled(new RequestLog(3), ["a", "b", "c", "d"]);
    expect(idsIn(log)).toEqual(["d", "c", "b"]);
    expect([log.find("a"), log.find("d")?.sequence]).toEqual([undefined, 4]);
  });

  it("gives those that came after another, at most so many, the newest first", () => {
    const log = filled(new RequestLog(10), ["a", "b", "c", "d", "e"]);
    expect(idsIn(log, 2)).toEqual(["e", "d", "c"]);
    expect(idsIn(log, 2, 2)).toEqual(["e", "d"]);
    expect(idsIn(log, 5)).toEqual([]);
  });

  it("holds no more than its bytes, however few the requests and however long the keys", () => {
    const log = filled(new RequestLog(100, 60_000), ["a", "b", "c", "d"], recordOf(10));
    expect(idsIn(log)).toEqual(["d", "c"]);
    filled(log, ["e"], recordOf(1, 1_000_000));
    expect([idsIn(log), log.bytes]).toEqual([[], 0]);
  });

  it("reckons less for a call whose line was not kept", () => {
    const bytesOf = (record: ScopeRecord) => filled(new RequestLog(3), ["a"], record).bytes;
    expect([bytesOf(recordOf(2)), bytesOf(recordOf(2, 5, null))]).toEqual([5620, 1020]);
  });

  it("forgets", () => {
    const log = filled(new RequestLog(3), ["a"]);
    log.clear();
    expect([idsIn(log), log.bytes, log.sequence]).toEqual([[], 0, 1]);
  });
});
