import { describe, expect, it } from "vitest";
import { splitterOf } from "./split-call.ts";

// A slot for each first letter.
const slotOf = (key: unknown): number => String(key).charCodeAt(0);
const splitter = (command: string) => splitterOf(command, slotOf) ?? expect.fail(`${command} is not split.`);

describe("calls over several slots", () => {
  it.each(["get", "set", "msetnx", "sinter", "rename", "eval"])("leave %s alone", (command) => {
    expect(splitterOf(command, slotOf)).toBeNull();
  });

  it("are split by slot, in the order of their first keys", () => {
    expect(splitter("mget").split(["b1", "a1", "b2", "c1", "a2"])).toEqual([
      { args: ["b1", "b2"], positions: [0, 2] },
      { args: ["a1", "a2"], positions: [1, 4] },
      { args: ["c1"], positions: [3] },
    ]);
    expect(splitter("del").split([["a", "b"], Buffer.from("a2")])).toEqual([
      { args: ["a", Buffer.from("a2")], positions: [0, 2] },
      { args: ["b"], positions: [1] },
    ]);
  });

  it.each([
    ["flat", ["a", 1, "b", 2]],
    ["an array", [["a", 1, "b", 2]]],
    ["an object", [{ a: 1, b: 2 }]],
    [
      "a Map",
      [
        new Map<string, number>([
          ["a", 1],
          ["b", 2],
        ]),
      ],
    ],
  ])("take the pairs of MSET as %s", (_form, args) => {
    expect(splitter("mset").split(args)).toEqual([
      { args: ["a", 1], positions: [0] },
      { args: ["b", 2], positions: [1] },
    ]);
  });

  it.each<[string, unknown[]]>([
    ["mget", []],
    ["mget", ["a"]],
    ["mget", ["a1", "a2"]],
    ["mget", ["a", null]],
    ["mget", ["a", { toString: () => "b" }]],
    ["mset", ["a", 1, "b"]],
    ["mset", [{ a: 1 }]],
    ["mset", [Buffer.from("ab")]],
    ["mset", ["a", undefined, "b", 1]],
  ])("leave %s %j to the client as it is", (command, args) => {
    expect(splitter(command).split(args)).toBeNull();
  });

  it("are answered in the caller's order, and counts are added up", () => {
    const mget = splitter("mget");
    const parts = mget.split(["b1", "a1", "b2"]) ?? [];
    expect(mget.join([["B1", null], ["A1"]], parts)).toEqual(["B1", "A1", null]);
    expect(splitter("exists").join([2, 1], [])).toBe(3);
    expect(splitter("unlink").join(["2", "1"], [])).toBe("3");
    expect(splitter("mset").join(["OK", "OK"], [])).toBe("OK");
  });
});
