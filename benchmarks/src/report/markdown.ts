/**
 * A Markdown table, its columns padded.
 *
 * @param textColumns how many columns from the first on are text and stand to the left; the others to the right
 */
export function markdownTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  textColumns: number = 1,
): string {
  const widths = titles.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const pad = (text: string, i: number): string =>
    i < textColumns ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0);
  const line = (cells: readonly string[]): string => `| ${cells.map(pad).join(" | ")} |`;
  const rule = widths.map((width, i) => (i < textColumns ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(titles), line(rule), ...rows.map(line)].join("\n");
}
