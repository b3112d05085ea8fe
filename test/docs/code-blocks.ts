/** A fenced block of a Markdown page. */
export interface CodeBlock {
  /** Its first line in the page, from 1 on. */
  readonly line: number;
  /** What stands behind the fence's backticks: `"ts"`. */
  readonly language: string;
  readonly code: string;
  /** Where its code is from, by the comment `<!-- code: path#region -->` in the line before; `null` without one. */
  readonly source: CodeSource | null;
}

/** A file, from the repository's root, or a region of it. */
export interface CodeSource {
  readonly path: string;
  readonly region: string | null;
}

const BLOCK = /(?:^<!-- code: ([^\s#]+)(?:#(\S+))? -->\n)?^([ \t]*)```(\S*)[^\n]*\n(.*?)^\3```$/gms;
const MARKER = /^\s*\/\/ #(end)?region (\S+)$/;

/** The fenced blocks of a page. */
export function codeBlocks(page: string): CodeBlock[] {
  return [...page.matchAll(BLOCK)].map((match) => {
    const [block, path, region = null, , language = "", code = ""] = match;
    const line = page.slice(0, match.index + block.indexOf("```")).split("\n").length;
    return { line, language, code, source: path === undefined ? null : { path, region } };
  });
}

/**
 * The code of a region, without the indentation that its lines have in common. A region may be in several pieces, which are joined by a blank line: a
 * page shows the imports, and what a function of the file does.
 *
 * @param region its name in `// #region name` and `// #endregion name`; `null` for the whole file
 * @throws {Error} for a region that is not there, or that does not begin and end in turns
 */
export function codeOf(file: string, region: string | null): string {
  if (region === null) return file;
  const pieces: string[][] = [];
  let piece: string[] | null = null;
  for (const line of file.split("\n")) {
    const [, end, name] = MARKER.exec(line) ?? [];
    if (name === region) {
      if ((end === undefined) !== (piece === null)) {
        throw new Error(`Region "${region}" does not begin and end in turns.`);
      }
      if (piece !== null) pieces.push(piece);
      piece = piece === null ? [] : null;
    } else if (name === undefined) {
      piece?.push(line);
    }
  }
  if (piece !== null) throw new Error(`Region "${region}" does not end.`);
  if (pieces.length === 0) throw new Error(`There is no region "${region}".`);
  return `${pieces.map(dedented).join("\n\n")}\n`;
}

/**
 * The page with the code of its files in its blocks.
 *
 * @param read gives the text of a file by its path from the repository's root
 */
export function withCode(page: string, read: (path: string) => string): string {
  return page.replace(
    BLOCK,
    (block, path?: string, region?: string, _indent?: string, _language?: string, code = "") => {
      if (path === undefined) return block;
      const end = block.lastIndexOf("```");
      return block.slice(0, end - code.length) + codeOf(read(path), region ?? null) + block.slice(end);
    },
  );
}

function dedented(lines: readonly string[]): string {
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/));
  const indent = Math.min(...indents);
  return lines.map((line) => line.slice(indent)).join("\n");
}
