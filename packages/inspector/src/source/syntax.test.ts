import { describe, expect, it } from "vitest";
import { callAt, isAwaitAt, parseSyntax, type Syntax } from "./syntax.ts";

const TEXT = `async function load(redis, keys) {
  const first = await redis.get(keys[0]);
  await first;
  new Map(keys);
}
redis?.get("top");
`;
const syntax = parseSyntax(TEXT, "/app/a.js") as Syntax;
const at = (line: number, column: number) => ({ file: "/app/a.js", line, column });
const textOf = (node: { start: number; end: number } | undefined): string => TEXT.slice(node?.start, node?.end);

describe("callAt", () => {
  it("finds a call by its method's name or by its start, and the await and the function around it", () => {
    for (const column of [23, 29]) {
      const found = callAt(syntax, at(2, column));
      expect([textOf(found?.call), textOf(found?.awaited)]).toEqual(["redis.get(keys[0])", "await redis.get(keys[0])"]);
      expect(found?.owner.type).toBe("FunctionDeclaration");
    }
    expect(textOf(callAt(syntax, at(4, 3))?.call)).toBe("new Map(keys)");
  });

  it("finds what an await is for, as a function that waits is told by it", () => {
    const found = callAt(syntax, at(2, 17));
    expect([textOf(found?.call), found?.path.at(-1)]).toEqual(["redis.get(keys[0])", found?.call]);
    expect(textOf(callAt(syntax, at(3, 3))?.call)).toBe("first");
  });

  it("takes the whole file for the function around a call at its top", () => {
    expect(callAt(syntax, at(6, 8))?.owner).toBe(syntax.root);
  });

  it("finds nothing where no call is, and nothing beyond a text that has changed since it was loaded", () => {
    expect([callAt(syntax, at(1, 1)), callAt(syntax, at(9, 23)), isAwaitAt(syntax, at(9, 17))]).toEqual([
      null,
      null,
      false,
    ]);
    expect([isAwaitAt(syntax, at(2, 17)), isAwaitAt(syntax, at(2, 23))]).toEqual([true, false]);
  });
});

describe("parseSyntax", () => {
  it.each([
    ["a.ts", "let x: string = <string>y;"],
    ["a.mts", "enum E { A }"],
    ["a.tsx", "const x: T = <p>{y as U}</p>;"],
    ["a.jsx", "const x = <p />;"],
    ["a.cjs", "module.exports = 1; return;"],
  ])("reads %s", (file, text) => {
    expect(parseSyntax(text, file)?.root.type).toBe("Program");
  });

  it("is null of what is no such text", () => {
    expect(parseSyntax("\u0000\u0001 {{{ %%", "data.bin")).toBeNull();
  });
});
