import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { BatchCounters } from "../observe/batch-counters.ts";
import type { BatchMessage } from "../observe/channels.ts";
import { Watchers } from "../observe/watchers.ts";
import { TickCork } from "./cork.ts";

function setUp(maxBatchBytes = 1_000) {
  const ends: (() => void)[] = [];
  const connection = { status: "ready", stream: new PassThrough() as Writable | null };
  const counters = new BatchCounters();
  const cork = new TickCork(connection, (flush) => ends.push(flush), maxBatchBytes, counters);
  return { connection, cork, counters, endTick: () => ends.shift()?.(), ends };
}

describe("TickCork", () => {
  it("corks at the first call of a tick, and uncorks once at its end", () => {
    const { connection, cork, endTick, ends } = setUp();
    for (let i = 0; i < 3; i++) cork.begin();
    expect(connection.stream?.writableCorked).toBe(1);
    expect(ends).toHaveLength(1);
    endTick();
    expect(connection.stream?.writableCorked).toBe(0);
    cork.begin();
    expect(ends).toHaveLength(1);
  });

  it.each(["wait", "connecting", "connect", "close", "reconnecting", "end"])(
    "corks nothing while the status is %s",
    (status) => {
      const { connection, cork, ends } = setUp();
      connection.status = status;
      cork.begin();
      expect(connection.stream?.writableCorked).toBe(0);
      expect(ends).toEqual([]);
    },
  );

  it("corks nothing where there is no stream, or one that has ended or cannot be corked", () => {
    const { connection, cork } = setUp();
    connection.stream?.end();
    const ended = connection.stream;
    cork.begin();
    expect(cork.isHolding).toBe(false);
    expect(ended?.writableCorked).toBe(0);
    connection.stream = null;
    cork.begin();
    connection.stream = { writable: true } as Writable;
    cork.begin();
    expect(cork.isHolding).toBe(false);
  });

  it("uncorks the stream that it corked when the connection has another, and holds that one", () => {
    const { connection, cork, endTick } = setUp();
    const first = connection.stream;
    cork.begin();
    connection.stream = new PassThrough();
    cork.begin();
    expect([first?.writableCorked, connection.stream.writableCorked]).toEqual([0, 1]);
    endTick();
    expect(connection.stream.writableCorked).toBe(0);
  });

  it("lets a full batch go before the next call", () => {
    const { connection, cork, counters } = setUp(10);
    const written: string[] = [];
    connection.stream = new Writable({
      decodeStrings: false,
      write: (chunk, _encoding, done) => {
        written.push(chunk);
        done();
      },
      writev: (chunks, done) => {
        written.push(chunks.map(({ chunk }) => chunk).join(""));
        done();
      },
    });
    for (const word of ["12345", "67890", "next"]) {
      cork.begin();
      connection.stream.write(word);
    }
    expect(written).toEqual(["1234567890"]);
    expect(counters.earlyFlushes).toBe(1);
  });

  it("does not count what was in the buffer before the tick", () => {
    const { connection, cork, counters } = setUp(10);
    connection.stream = new Writable({ write: () => {} });
    connection.stream.write("in flight and never done");
    cork.begin();
    cork.begin();
    expect(counters.earlyFlushes).toBe(0);
  });

  it("survives that the held stream is destroyed in mid-tick", () => {
    const { connection, cork, endTick } = setUp();
    cork.begin();
    connection.stream?.destroy();
    expect(endTick).not.toThrow();
    expect(cork.isHolding).toBe(false);
  });

  it("tells of each batch's own commands and bytes, and why it left, though the kernel has not taken the last one yet", () => {
    const stalled = new Writable({ write: () => {}, decodeStrings: false });
    const connection = { status: "ready", stream: stalled as Writable | null };
    const watchers = new Watchers();
    const told: BatchMessage[] = [];
    watchers.add({ batch: (message) => told.push(message) });
    const counters = new BatchCounters(watchers);
    const ends: (() => void)[] = [];
    const cork = new TickCork(connection, (flush) => ends.push(flush), 10, counters);
    const call = (text: string) => {
      cork.begin();
      cork.count(1);
      stalled.write(text);
    };
    call("abc");
    ends.shift()?.();
    call("defg");
    cork.flush();
    for (const text of ["0123456789", "h"]) call(text);
    connection.stream = new PassThrough();
    cork.begin();
    expect(told.map(({ commands, bytes, trigger }) => [commands, bytes, trigger])).toEqual([
      ...[
        [1, 3, "tick"],
        [1, 4, "flush"],
        [1, 10, "bytes"],
        [1, 1, "reconnect"],
      ],
    ]);
  });
});
