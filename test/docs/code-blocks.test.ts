import { describe, expect, it } from "vitest";
import { codeBlocks, codeOf, withCode } from "./code-blocks.ts";

const FILE = `// #region setup
import { tickpipe } from "@tickpipe/core";
// #endregion setup
import { expect } from "vitest";

export function wrap(client) {
  // #region setup
  const redis = tickpipe(client);

  if (redis) {
    // #region inner
    use(redis);
    // #endregion inner
  }
  // #endregion setup
}
`;

const SETUP = `import { tickpipe } from "@tickpipe/core";

const redis = tickpipe(client);

if (redis) {
  use(redis);
}
`;

describe("codeOf", () => {
  it("joins the pieces of a region, each without its own indentation and without the marks of other regions", () => {
    expect(codeOf(FILE, "setup")).toBe(SETUP);
    expect(codeOf(FILE, "inner")).toBe("use(redis);\n");
    expect(codeOf(FILE, null)).toBe(FILE);
  });

  it.each([
    ["there is no such region", "other", FILE],
    ["it does not end", "a", "// #region a\n"],
    ["it ends before it begins", "a", "// #endregion a\n"],
    ["it begins twice", "a", "// #region a\n// #region a\n// #endregion a\n"],
  ])("throws where %s", (_, region, file) => {
    expect(() => codeOf(file, region)).toThrow(/region/i);
  });
});

const PAGE = `# Page

<!-- code: examples/a.ts#setup -->
\`\`\`ts
old
\`\`\`

<!-- code: examples/b.ts -->
\`\`\`js
\`\`\`

\`\`\`sh
npm test
\`\`\`

- in a list:
  \`\`\`ts
  unmarked
  \`\`\`
`;

describe("codeBlocks", () => {
  it("finds every block, with its language, its place and where its code is from", () => {
    expect(codeBlocks(PAGE)).toEqual([
      { line: 4, language: "ts", code: "old\n", source: { path: "examples/a.ts", region: "setup" } },
      { line: 9, language: "js", code: "", source: { path: "examples/b.ts", region: null } },
      { line: 12, language: "sh", code: "npm test\n", source: null },
      { line: 17, language: "ts", code: "  unmarked\n", source: null },
    ]);
  });
});

describe("withCode", () => {
  it("puts the code of the files into the marked blocks, and leaves all else as it is", () => {
    const page = withCode(PAGE, (path) => (path === "examples/a.ts" ? FILE : "const $1 = `$&`;\n"));
    expect(page).toBe(PAGE.replace("old\n", () => SETUP).replace("```js\n", () => "```js\nconst $1 = `$&`;\n"));
    expect(withCode(page, (path) => (path === "examples/a.ts" ? FILE : "const $1 = `$&`;\n"))).toBe(page);
  });
});
