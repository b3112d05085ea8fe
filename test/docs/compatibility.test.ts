import { expect, it } from "vitest";
import { KINDS, MATRIX, type Row } from "../consumers/matrix.ts";
import { read } from "./pages.ts";

/** A table's cells, without the spaces that fill them up. */
const cellsOf = (line: string): string =>
  line
    .split("|")
    .map((cell) => cell.trim())
    .join("|");

const lineOf = ({ kind, client, express, typescript = "", node, extras }: Row): string =>
  `|${[KINDS[kind], client.replace("@", " "), express, typescript, node === "running" ? "20.20.2" : node, extras].join("|")}|`;

it("the page on compatibility lists each combination that pnpm test:consumers tries, and no other", () => {
  const [, table = ""] = /\n## What was tried\n(.*?)\n## /s.exec(read("docs/compatibility.md")) ?? [];
  const [, , ...lines] = table.split("\n").filter((line) => line.startsWith("|"));
  expect(lines.map(cellsOf)).toEqual(MATRIX.map(lineOf));
});
