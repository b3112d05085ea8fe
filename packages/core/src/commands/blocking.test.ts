import { describe, expect, it } from "vitest";
import { blocks, mayBlock } from "./blocking.ts";

describe("blocks", () => {
  it.each(["blpop", "brpop", "brpoplpush", "blmove", "blmpop", "bzpopmin", "bzpopmax", "bzmpop"])(
    "knows %s, whatever its arguments",
    (command) => {
      expect(mayBlock(command)).toBe(true);
      expect(blocks(command, ["key", "0"])).toBe(true);
    },
  );

  it.each(["get", "wait", "waitaof", "lpop", "subscribe"])("lets %s pass", (command) => {
    expect(mayBlock(command)).toBe(false);
    expect(blocks(command, ["BLOCK", "0"])).toBe(false);
  });

  it.each<[string, unknown[], boolean]>([
    ["xread", ["COUNT", "2", "BLOCK", "0", "STREAMS", "s", "$"], true],
    ["xread", ["block", 0, "STREAMS", "s", "$"], true],
    ["xread", [Buffer.from("Block"), "0", "STREAMS", "s", "$"], true],
    ["xread", ["STREAMS", "BLOCK", "0"], false],
    ["xread", ["COUNT", "2", Buffer.from("streams"), "BLOCK", "0"], false],
    ["xreadgroup", ["GROUP", "BLOCK", "STREAMS", "STREAMS", "s", ">"], false],
    ["xreadgroup", ["GROUP", "g", "c", "NOACK", "BLOCK", "5", "STREAMS", "s", ">"], true],
    ["xreadgroup", ["GROUP"], false],
  ])("reads the options of %s %j", (command, args, expected) => {
    expect(blocks(command, args)).toBe(expected);
  });
});
