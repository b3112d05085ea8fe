import { describe, expect, it } from "vitest";
import { Caller } from "./caller.ts";

describe("Caller", () => {
  it("tells each listener once that nobody waits, with an error of its own", () => {
    const caller = new Caller();
    const told: Error[] = [];
    caller.onGone((error) => told.push(error));
    caller.onGone((error) => told.push(error));
    caller.leave(() => new Error("gone"));
    caller.leave(() => new Error("again"));
    expect(told.map(({ message }) => message)).toEqual(["gone", "gone"]);
    expect(told[0]).not.toBe(told[1]);
    expect(caller.hasGone).toBe(true);
  });

  it("tells a late listener at once", () => {
    const caller = new Caller();
    caller.leave(() => new Error("gone"));
    const told: string[] = [];
    caller.onGone(({ message }) => told.push(message));
    expect(told).toEqual(["gone"]);
  });

  it("does not tell a listener that was taken away", () => {
    const caller = new Caller();
    const told: Error[] = [];
    caller.onGone((error) => told.push(error))();
    caller.leave(() => new Error("gone"));
    expect(told).toEqual([]);
  });
});
