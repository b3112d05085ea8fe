import { describe, expect, it } from "vitest";
import type { OutcomeWatcher, WatchedCommand } from "../commands/watched-command.ts";
import { type CallWatcher, watchCall, watchMade } from "./watched-call.ts";

/** A watcher that keeps what it is told. */
function watching(): CallWatcher & { readonly told: unknown[] } {
  const told: unknown[] = [];
  return {
    told,
    sent: () => told.push("sent"),
    replied: (reply) => told.push(["replied", reply]),
    failed: (error) => told.push(["failed", error]),
  };
}

const call = (send: () => unknown, watcher: CallWatcher, hasCallback = false): unknown =>
  watchCall(send, hasCallback, watcher);

describe("a watched call", () => {
  it("gives the caller the reply or the very error, and tells of both", async () => {
    const watcher = watching();
    expect(await call(() => Promise.resolve("reply"), watcher)).toBe("reply");
    const error = new Error("WRONGTYPE");
    await expect(call(() => Promise.reject(error), watcher)).rejects.toBe(error);
    expect(watcher.told).toEqual(["sent", ["replied", "reply"], "sent", ["failed", error]]);
  });

  it("rethrows what a call throws, as one that failed", () => {
    const watcher = watching();
    const error = new TypeError("not encodable");
    const throwing = (): never => {
      throw error;
    };
    expect(() => call(throwing, watcher)).toThrow(error);
    expect(watcher.told).toEqual([["failed", error]]);
  });

  it("returns the client's own promise to a caller with a callback", async () => {
    const watcher = watching();
    const error = new Error("seen by the callback");
    const promise = Promise.reject(error);
    promise.catch(() => {});
    expect(call(() => promise, watcher, true)).toBe(promise);
    await new Promise((resolve) => setImmediate(resolve));
    expect(watcher.told).toEqual(["sent", ["failed", error]]);
  });

  it("that returns no promise has replied", () => {
    const watcher = watching();
    expect(call(() => "at once", watcher)).toBe("at once");
    expect(watcher.told).toEqual(["sent", ["replied", undefined]]);
  });

  it("with a command that can be watched costs no promise", () => {
    const promise = new Promise(() => {});
    let watcherOf: OutcomeWatcher | undefined;
    const command: WatchedCommand = {
      promise,
      isSettled: false,
      watch: (watcher) => {
        watcherOf = watcher;
      },
      abandon: () => {},
    };
    const watcher = watching();
    expect(watchMade(promise, command, false, watcher)).toBe(promise);
    expect(watcherOf).toBe(watcher);
  });
});
