import { afterEach, describe, expect, it, vi } from "vitest";
import { schedulerFor } from "./schedule.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("schedulerFor", () => {
  it("runs a microtask before the next tick's end, and both before the iteration's", async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      schedulerFor("immediate")(() => {
        order.push("immediate");
        resolve();
      });
      schedulerFor("nextTick")(() => order.push("nextTick"));
      schedulerFor("microtask")(() => order.push("microtask"));
    });
    expect([...order].sort()).toEqual(["immediate", "microtask", "nextTick"]);
    expect(order.at(-1)).toBe("immediate");
  });

  it("is the user's own where one is given", () => {
    const own = vi.fn();
    expect(schedulerFor(own)).toBe(own);
  });

  it("still runs where a test suite fakes the timers", async () => {
    // nextTick cannot be faked in the test runner's child processes.
    vi.useFakeTimers({ toFake: ["setImmediate", "queueMicrotask"] });
    await new Promise<void>((resolve) => schedulerFor("immediate")(resolve));
    await new Promise<void>((resolve) => schedulerFor("microtask")(resolve));
  });
});
