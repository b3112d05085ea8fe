import { Command } from "ioredis";
import { describe, expect, it } from "vitest";
import { type KeyedCommandClass, slotOfCall } from "./call-slot.ts";

const slotOf = (command: string, ...args: unknown[]): number | null =>
  slotOfCall(Command as unknown as KeyedCommandClass, "", command, args);

describe("slotOfCall", () => {
  it("is that of the first key, wherever it stands, with the client's prefix", () => {
    expect(slotOf("blpop", "foo", 0)).toBe(12182);
    expect(slotOf("blmpop", 0, 1, "foo", "LEFT")).toBe(12182);
    expect(
      slotOf("blpop", "foo", 0, () => {}),
      "a callback is no argument",
    ).toBe(12182);
    expect(slotOfCall(Command as unknown as KeyedCommandClass, "{bar}", "blpop", ["foo", 0])).toBe(5061);
  });

  it("is none of a call without a key; a callback is none", () => {
    expect(slotOf("ping")).toBeNull();
    expect(slotOf("eval", "return 1")).toBeNull();
    expect(slotOf("blmove", () => {})).toBeNull();
  });
});
