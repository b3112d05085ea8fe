import { describe, expect, it } from "vitest";
import { TickEnd } from "./tick-end.ts";

/** A tick whose end is called by the test. */
function tick() {
  const ends: (() => void)[] = [];
  const order: string[] = [];
  const tickEnd = new TickEnd((end) => ends.push(end));
  const note = (what: string) => () => order.push(what);
  return { ends, order, tickEnd, note };
}

describe("TickEnd", () => {
  it("does the work before the flush, whichever was asked for first, at one end", () => {
    const { ends, order, tickEnd, note } = tick();
    tickEnd.schedule(note("flush"));
    tickEnd.beforeFlush(note("a"));
    tickEnd.beforeFlush(note("b"));
    expect(ends).toHaveLength(1);
    expect(order).toEqual([]);
    ends[0]?.();
    expect(order).toEqual(["a", "b", "flush"]);
  });

  it("flushes at the same end what the work itself calls", () => {
    const { ends, order, tickEnd, note } = tick();
    tickEnd.beforeFlush(() => tickEnd.schedule(note("flush")));
    ends[0]?.();
    expect(order).toEqual(["flush"]);
    expect(ends).toHaveLength(1);
  });

  it("leaves to the next tick the work that work asks for", () => {
    const { ends, order, tickEnd, note } = tick();
    tickEnd.beforeFlush(() => tickEnd.beforeFlush(note("later")));
    ends[0]?.();
    expect(order).toEqual([]);
    ends[1]?.();
    expect(order).toEqual(["later"]);
  });

  it("does the work at once when asked to, and once only", () => {
    const { ends, order, tickEnd, note } = tick();
    tickEnd.beforeFlush(note("a"));
    tickEnd.workNow();
    ends[0]?.();
    expect(order).toEqual(["a"]);
  });

  it("flushes even if the work throws", () => {
    const { ends, order, tickEnd, note } = tick();
    tickEnd.schedule(note("flush"));
    tickEnd.beforeFlush(() => {
      throw new Error("work");
    });
    expect(() => ends[0]?.()).toThrow("work");
    expect(order).toEqual(["flush"]);
  });

  it("does everything at once if the schedule throws, and goes on", () => {
    const order: string[] = [];
    let throwing = true;
    const tickEnd = new TickEnd((end) => {
      if (throwing) throw new Error("schedule");
      end();
    });
    expect(() => tickEnd.beforeFlush(() => order.push("a"))).toThrow("schedule");
    throwing = false;
    tickEnd.beforeFlush(() => order.push("b"));
    expect(order).toEqual(["a", "b"]);
  });
});
