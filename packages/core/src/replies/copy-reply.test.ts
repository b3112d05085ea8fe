import { describe, expect, it } from "vitest";
import { copyError, copyReply, isCopyable } from "./copy-reply.ts";
import { sizeOfReply } from "./size-of-reply.ts";

/** Replies as ioredis gives them, by RESP2 and by RESP3, or as a user's reply transformer makes them. */
const REPLIES: Record<string, unknown> = {
  "a text": "OK",
  "a number": 7,
  "a bigint": 9_007_199_254_740_993n,
  nil: null,
  bytes: Buffer.from([0xff, 0]),
  "a list, nested": ["a", [1, null, Buffer.from("b")]],
  "a map": new Map<unknown, unknown>([["f", [Buffer.from("v")]]]),
  "a set": new Set<unknown>(["a", 1]),
  "a hash": { field: "value", list: ["x"] },
  "a hash without a prototype": Object.assign(Object.create(null) as object, { field: "value" }),
  "a hash with a field called __proto__": JSON.parse('{"__proto__":"value"}'),
};

describe.each(Object.entries(REPLIES))("a copy of %s", (_what, reply) => {
  it("is like it, to the prototype", () => {
    const copy = copyReply(reply);
    expect(isCopyable(reply)).toBe(true);
    expect(copy).toStrictEqual(reply);
    if (typeof reply === "object" && reply !== null) {
      expect(Object.getPrototypeOf(copy)).toBe(Object.getPrototypeOf(reply));
      expect(copy).not.toBe(reply);
    }
  });
});

describe("copyReply", () => {
  it("shares nothing that can be changed, at any depth", () => {
    const bytes = Buffer.from("abc");
    const reply = { list: [bytes], map: new Map([["k", bytes]]), set: new Set([bytes]) };
    const copy = copyReply(reply) as typeof reply;
    bytes.fill("x");
    reply.list.push(bytes);
    expect(copy.list.map(String)).toEqual(["abc"]);
    expect([copy.map.get("k"), ...copy.set].map(String)).toEqual(["abc", "abc"]);
  });

  it("copies an error that stands in a list, as in the replies of a pipeline", () => {
    class ReplyError extends Error {
      override readonly name = "ReplyError";
      readonly command = { name: "get", args: ["k"] };
    }
    const error = new ReplyError("WRONGTYPE no");
    const [copy] = copyReply([error]) as [ReplyError];
    expect(copy).toBeInstanceOf(ReplyError);
    expect(copy).not.toBe(error);
    expect([copy.message, copy.stack, copy.command]).toEqual([error.message, error.stack, error.command]);
    expect(copy.command).not.toBe(error.command);
  });
});

describe("copyError", () => {
  it("gives back what is no error, and keeps an error without a stack without one", () => {
    expect(copyError("thrown text")).toBe("thrown text");
    const bare = Object.defineProperty(new Error("bare"), "stack", { value: undefined });
    delete bare.stack;
    expect((copyError(bare) as Error).message).toBe("bare");
  });
});

describe("isCopyable", () => {
  const endless: unknown[] = [];
  endless.push(endless);
  it.each<[string, unknown]>([
    ["a function", () => {}],
    ["a Date, whose copy would be none", new Date()],
    ["an instance of a class", new (class Point {})()],
    [
      "a getter",
      {
        get field() {
          return 1;
        },
      },
    ],
    ["a list that holds itself", endless],
    ["a Date as a key of a map", new Map([[new Date(), 1]])],
    ["a Date in a map", new Map([[1, new Date()]])],
    ["a Date in a set in a list", [new Set([new Date()])]],
    ["a typed array of numbers", new Float64Array(2)],
  ])("is false of %s", (_what, reply) => {
    expect(isCopyable(reply)).toBe(false);
  });
});

describe("sizeOfReply", () => {
  it.each<[unknown, number]>([
    ["abc", 3],
    [Buffer.from("abc"), 3],
    [null, 8],
    [7, 8],
    [["a", "bc"], 8 + 1 + 1 + 1 + 2],
    [new Map([["f", "value"]]), 8 + 1 + 5],
    [new Set(["member"]), 8 + 6],
    [{ f: "value" }, 8 + 1 + 5],
  ])("reckons %j", (reply, bytes) => {
    expect(sizeOfReply(reply)).toBe(bytes);
  });
});
