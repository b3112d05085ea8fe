import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { SourceFiles, shownPath } from "./source-files.ts";

const folder = mkdtempSync(join(tmpdir(), "tickpipe-sources-"));
afterAll(() => rmSync(folder, { recursive: true }));

// Line 1 of the output is line 3 of written.ts.
const MAP = JSON.stringify({ version: 3, sources: ["../src/written.ts"], names: [], mappings: "AAEA" });

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("SourceFiles", () => {
  it("follows a source map beside the file", () => {
    file("beside.js.map", MAP);
    const path = file("beside.js", "run();\n//# sourceMappingURL=beside.js.map\n");
    const written = new SourceFiles().writtenAt({ file: path, line: 1, column: 1 });
    expect(written).toEqual({ file: join(folder, "../src/written.ts"), line: 3, column: 1 });
  });

  it("follows a source map within the file", () => {
    const data = Buffer.from(MAP).toString("base64");
    const path = file("within.js", `run();\n//# sourceMappingURL=data:application/json;base64,${data}\n`);
    expect(new SourceFiles().writtenAt({ file: path, line: 1, column: 1 }).line).toBe(3);
  });

  it("follows a source map that names its sources by URLs", () => {
    const source = pathToFileURL(join(folder, "written.ts")).href;
    file("url.js.map", JSON.stringify({ version: 3, sources: [source], names: [], mappings: "AAEA" }));
    const path = file("url.js", "run();\n//# sourceMappingURL=url.js.map\n");
    expect(new SourceFiles().writtenAt({ file: path, line: 1, column: 1 }).file).toBe(join(folder, "written.ts"));
  });

  it("reads a file once, and keeps the last 64", () => {
    const sources = new SourceFiles();
    const path = file("first.js", "first();\n");
    const read = sources.syntaxOf(path);
    expect(sources.syntaxOf(path)).toBe(read);
    for (let i = 0; i < 64; i++) sources.syntaxOf(file(`other-${i}.js`, "other();\n"));
    expect(sources.syntaxOf(path)).not.toBe(read);
    expect(sources.syntaxOf(path)?.text).toBe("first();\n");
  });

  it("leaves a position as it is without a map, with a broken one, and of a file that is gone", () => {
    const sources = new SourceFiles();
    for (const path of [
      file("plain.js", "run();\n"),
      file("broken.js", "run();\n//# sourceMappingURL=nowhere.js.map\n"),
      join(folder, "gone.js"),
    ]) {
      const position = { file: path, line: 1, column: 1 };
      expect(sources.writtenAt(position)).toBe(position);
    }
    expect(sources.syntaxOf(join(folder, "gone.js"))).toBeNull();
  });

  it("does not parse what is larger than a file that people write", () => {
    const path = file("bundle.js", `run();\n//${"x".repeat(1024 * 1024)}`);
    expect(new SourceFiles().syntaxOf(path)).toBeNull();
  });
});

describe("shownPath", () => {
  it("starts from the working directory where a file is within, and is whole elsewhere", () => {
    expect(shownPath(join(process.cwd(), "src/app.ts"))).toBe(join("src", "app.ts"));
    expect(shownPath("/elsewhere/app.ts")).toBe("/elsewhere/app.ts");
  });
});
