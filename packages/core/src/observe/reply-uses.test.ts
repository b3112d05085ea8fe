import { describe, expect, it } from "vitest";
import { ReplyUses } from "./reply-uses.ts";

/** Makes calls in turn, and tells which earlier ones each uses. */
function usesOf(...calls: [args: unknown[], reply: unknown][]): number[][] {
  const uses = new ReplyUses();
  return calls.map(([args, reply], index) => {
    const words = uses.wordsOf(args);
    const found = uses.bringersOf(words);
    uses.brought(index, words, reply);
    return found;
  });
}

describe("ReplyUses", () => {
  it.each<[string, [unknown[], unknown][], number[]]>([
    [
      "a member of a list",
      [
        [["ids"], ["u1", "u2"]],
        [["user:u2"], null],
      ],
      [0],
    ],
    [
      "a field of a document",
      [
        [["user:1"], '{"team":"t7"}'],
        [["team:t7"], null],
      ],
      [0],
    ],
    [
      "a field of a hash, as an object or a Map",
      [
        [["h"], { team: "t7" }],
        [["team:t7"], null],
      ],
      [0],
    ],
    [
      "a field of a Map",
      [
        [["h"], new Map([["team", "t7"]])],
        [["team:t7"], null],
      ],
      [0],
    ],
    [
      "bytes",
      [
        [["h"], Buffer.from("t7")],
        [[Buffer.from("team:t7")], null],
      ],
      [0],
    ],
    [
      "a number",
      [
        [["next"], 7],
        [["team:7"], null],
      ],
      [0],
    ],
    [
      "a cursor in nested lists",
      [
        [["0"], [["7"], []]],
        [[["7"]], null],
      ],
      [0],
    ],
    [
      "one of a pipeline's replies",
      [
        [[["a"], ["b"]], [[null, "t7"]]],
        [["team:t7"], null],
      ],
      [0],
    ],
  ])("sees the use of %s", (_what, calls, expected) => {
    expect(usesOf(...calls).at(-1)).toEqual(expected);
  });

  it("sees none where both calls were asked about the same word, or nothing is alike", () => {
    expect(usesOf([["user:1"], '{"type":"user","id":1}'], [["user:2"], null])).toEqual([[], []]);
    expect(usesOf([["a"], "some text"], [["b"], null])).toEqual([[], []]);
    expect(usesOf([["a"], null], [["b"], true as never])).toEqual([[], []]);
  });

  it("looks at the first 4 KiB, and at nothing once it is over", () => {
    expect(usesOf([["a"], `${"x ".repeat(3_000)}t7`], [["t7"], null])).toEqual([[], []]);
    expect(usesOf([["a"], ["x".repeat(5_000), "t7"]], [["t7"], null])).toEqual([[], []]);
    const uses = new ReplyUses();
    uses.brought(0, new Set(), "t7");
    uses.forget();
    uses.brought(1, new Set(), "t7");
    expect(uses.bringersOf(uses.wordsOf(["t7"]))).toEqual([]);
    expect(uses.bringersOf(new Set(["t7"]))).toEqual([]);
  });
});
