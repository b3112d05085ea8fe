import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { codeBlocks, withCode } from "./code-blocks.ts";
import { filesIn, pages, read } from "./pages.ts";

/** What a page may show that nobody runs: commands, whose names are checked below, and what programs print. */
const NOT_RUN = ["sh", "text"];

const shown = pages().flatMap((page) => codeBlocks(read(page)).flatMap(({ source }) => source?.path ?? []));

describe.each(pages())("%s", (page) => {
  it("shows no code but that of files", () => {
    const unmarked = codeBlocks(read(page)).filter(
      ({ source, language }) => source === null && !NOT_RUN.includes(language),
    );
    expect(unmarked, "put <!-- code: path#region --> in the line before").toEqual([]);
  });

  it("shows the code as it stands in the files", () => {
    expect(read(page) === withCode(read(page), read), "run: npx -y pnpm@12.21.0 docs:code").toBe(true);
  });

  it("names scripts that exist", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const named = codeOfCommands(read(page)).flatMap((code) =>
      [...code.matchAll(/\bpnpm(?:@[\d.]+)? ([a-z][\w:-]*)/g)].map(([, script]) => script),
    );
    expect(
      named.filter(
        (script) => !["add", "exec", "install", "vitest", "why", ...Object.keys(scripts)].includes(String(script)),
      ),
    ).toEqual([]);
  });
});

describe("the code of the pages", () => {
  const imports = importsFrom(filesIn("test", ".test.ts"));

  it.each([...new Set(shown)])("%s is run by a test, with all that it exports", (path) => {
    const code = read(path);
    const exported = [...code.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)].map(
      ([, name = ""]) => name,
    );
    const isUsedInIt = (name: string) => code.split(new RegExp(`\\b${name}\\b`)).length > 2;
    expect(imports.has(path)).toBe(true);
    expect(exported.filter((name) => !imports.get(path)?.has(name) && !isUsedInIt(name))).toEqual([]);
  });

  it("is all of examples/docs", () => {
    expect(filesIn("examples/docs/src", ".ts").filter((path) => !shown.includes(path))).toEqual([]);
  });
});

/** What is imported of each file, by these files and by those that they import. */
function importsFrom(files: readonly string[]): Map<string, Set<string>> {
  const imported = new Map<string, Set<string>>();
  const pending = [...files];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    for (const [, names = "", from = ""] of read(file).matchAll(/^import \{([^}]*)\} from "(\.[^"]+\.ts)";/gm)) {
      const path = join(dirname(file), from);
      if (!imported.has(path)) pending.push(path);
      imported.set(path, new Set([...(imported.get(path) ?? []), ...(names.match(/\w+/g) ?? [])]));
    }
  }
  return imported;
}

/** Where a page names commands: in its sh blocks and between backticks. */
function codeOfCommands(page: string): string[] {
  const blocks = codeBlocks(page).filter(({ language }) => language === "sh");
  const prose = page.replace(/^```.*?^```$/gms, "");
  return [...blocks.map(({ code }) => code), ...[...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code)];
}
