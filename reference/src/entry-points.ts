import { fileURLToPath } from "node:url";

/** Something that users import, and its page in `docs/api`. */
export interface EntryPoint {
  /** What stands in an import. */
  readonly specifier: string;
  /** The page's name, without `.md`. */
  readonly page: string;
  /** The file whose exports it has. */
  readonly source: string;
}

const inRepository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const REPOSITORY: string = inRepository("");
/** Where the reference is kept. */
export const PAGES: string = inRepository("docs/api");
/** The program that the reference is made from. */
export const SOURCES: string = inRepository("reference/tsconfig.sources.json");

export const ENTRY_POINTS: readonly EntryPoint[] = [
  { specifier: "@tickpipe/core", page: "core", source: inRepository("packages/core/src/index.ts") },
  { specifier: "@tickpipe/core/testing", page: "testing", source: inRepository("packages/core/src/testing.ts") },
  { specifier: "@tickpipe/core/metrics", page: "metrics", source: inRepository("packages/core/src/metrics.ts") },
  { specifier: "@tickpipe/core/otel", page: "otel", source: inRepository("packages/core/src/otel.ts") },
  { specifier: "@tickpipe/express", page: "express", source: inRepository("packages/express-adapter/src/index.ts") },
  { specifier: "@tickpipe/inspector", page: "inspector", source: inRepository("packages/inspector/src/index.ts") },
];
