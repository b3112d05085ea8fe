import { existsSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, localLinks } from "./links.ts";
import { filesIn, ROOT, read } from "./pages.ts";

const PAGE = `# Title

[a](docs/a.md#part-1), [\`b\`](b.ts), ![c](../c.png), [here](#title), [away](https://example.com/#x), [mail](mailto:a@b.c), \`[no](link)\`

\`\`\`ts
[0](nothing)
# No heading
\`\`\`

## \`req.redis\`: what's *new*, in [1.0](x.md)?
## Twice
## Twice
### ERR_CODE
<a id="api-own"></a>
`;

describe("localLinks", () => {
  it("are the links and images that stay in the repository, without those in code", () => {
    expect(localLinks(PAGE)).toEqual([
      { path: "docs/a.md", anchor: "part-1" },
      { path: "b.ts", anchor: null },
      { path: "../c.png", anchor: null },
      { path: "", anchor: "title" },
      { path: "x.md", anchor: null },
    ]);
  });
});

describe("anchorsOf", () => {
  it("are those that GitHub makes of headings, and those that a page names itself", () => {
    expect([...anchorsOf(PAGE)]).toEqual([
      "title",
      "reqredis-whats-new-in-10",
      "twice",
      "twice-1",
      "err_code",
      "api-own",
    ]);
  });
});

describe("links between pages", () => {
  const folders = ["docs", "benchmarks", "examples", "packages", "test"];
  const pages = [
    ...readdirSync(ROOT).filter((name) => name.endsWith(".md")),
    ...folders.flatMap((folder) => filesIn(folder, ".md")),
  ];
  // What becomes of these is a page of docs, and their links are from there.
  const parts = "benchmarks/report/";

  it.each(pages.filter((page) => !page.startsWith(parts)))("of %s lead somewhere", (page) => {
    const broken = localLinks(read(page)).filter(({ path, anchor }) => {
      const target = path === "" ? page : normalize(join(dirname(page), path));
      if (target.startsWith("..") || !existsSync(join(ROOT, target))) return true;
      return anchor !== null && !anchorsOf(read(target)).has(anchor);
    });
    expect(broken).toEqual([]);
  });
});

it("docs/README.md leads to every page of docs, with the lists of api and decisions", () => {
  const lists = ["docs/README.md", "docs/api/README.md", "docs/decisions/README.md"];
  const linked = lists.flatMap((list) =>
    localLinks(read(list)).map(({ path }) => normalize(join(dirname(list), path))),
  );
  const pages = filesIn("docs", ".md").filter((page) => page !== "docs/README.md");
  expect(pages.filter((page) => !linked.includes(page))).toEqual([]);
});
