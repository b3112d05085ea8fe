import { readFileSync, statSync } from "node:fs";
import { SourceMap, type SourceMapping } from "node:module";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Position } from "./stack.ts";
import { parseSyntax, type Syntax } from "./syntax.ts";

/** What is known of the files that frames name. */
export interface Sources {
  /** The syntax of the file as it runs; `null` if it cannot be read or parsed. */
  syntaxOf(file: string): Syntax | null;
  /** Where a position stands in the file that was written, by its source map; the position itself without one. */
  writtenAt(position: Position): Position;
}

/** A larger file is a bundle, which nobody reads, and slow to parse. */
const MOST_BYTES = 1024 * 1024;
const MOST_FILES = 64;
const MAP_COMMENT = /^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm;

interface SourceFile {
  readonly syntax: Syntax | null;
  readonly map: SourceMap | null;
}

/** The files of this machine, each read once, when it is first looked at; the last 64 are kept. */
export class SourceFiles implements Sources {
  readonly #files = new Map<string, SourceFile>();

  syntaxOf(file: string): Syntax | null {
    return this.#read(file).syntax;
  }

  writtenAt(position: Position): Position {
    const { map } = this.#read(position.file);
    const entry = map?.findEntry(position.line - 1, position.column - 1) as Partial<SourceMapping> | undefined;
    if (entry?.originalSource === undefined || entry.originalLine === undefined) return position;
    const source = entry.originalSource;
    return {
      file: writtenFile(source, position.file),
      line: entry.originalLine + 1,
      column: (entry.originalColumn ?? 0) + 1,
    };
  }

  #read(file: string): SourceFile {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const read = readSourceFile(file);
    this.#files.set(file, read);
    for (const oldest of this.#files.keys()) {
      if (this.#files.size <= MOST_FILES) break;
      this.#files.delete(oldest);
    }
    return read;
  }
}

function writtenFile(source: string, from: string): string {
  try {
    return source.startsWith("file://") ? fileURLToPath(source) : resolve(dirname(from), source);
  } catch {
    // A map may name an address that is no file of this machine.
    return source;
  }
}

function readSourceFile(file: string): SourceFile {
  try {
    if (statSync(file).size > MOST_BYTES) return { syntax: null, map: null };
    const text = readFileSync(file, "utf8");
    return { syntax: parseSyntax(text, file), map: sourceMapOf(text, file) };
  } catch {
    // Such as a module that was never a file, or that is gone: findings do without its text.
    return { syntax: null, map: null };
  }
}

function sourceMapOf(text: string, file: string): SourceMap | null {
  const address = [...text.matchAll(MAP_COMMENT)].at(-1)?.[1];
  if (address === undefined) return null;
  try {
    const inline = /^data:application\/json[^,]*;base64,(.*)$/.exec(address)?.[1];
    const json =
      inline === undefined
        ? readFileSync(resolve(dirname(file), decodeURIComponent(address)), "utf8")
        : Buffer.from(inline, "base64").toString();
    return new SourceMap(JSON.parse(json));
  } catch {
    return null;
  }
}

/** A file's path as it is shown: from the working directory, if it is within. */
export function shownPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path === "" || path.startsWith("..") ? file : path;
}
