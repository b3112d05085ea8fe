/** A bar of a chart. */
export interface ChartBar {
  readonly name: string;
  readonly value: number;
  /** As it is to be read: "164,303" or "2.43 ms". */
  readonly label: string;
  readonly role: "ours" | "peer" | "limit";
}

const WIDTH = 760;
const LEFT = 222;
const RIGHT = 120;
const TOP = 66;
const ROW = 30;
const BAR = 18;
const LEGEND = 34;

const ROLES = [
  ["ours", "tickpipe"],
  ["peer", "others"],
  ["limit", "limit, not an alternative"],
] as const;

// A page may be light or dark whatever its reader prefers, so the chart brings its own ground.
const STYLE = `
  text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; font-size: 13px; fill: #24292f; }
  .title { font-size: 16px; font-weight: 600; }
  .note { fill: #57606a; }
  .bold { font-weight: 600; }
  .ground { fill: #ffffff; stroke: #d0d7de; }
  .axis { stroke: #8c959f; }
  .ours { fill: #0969da; }
  .peer { fill: #8c959f; }
  .limit { fill: #d8dee4; stroke: #8c959f; stroke-dasharray: 3 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note { fill: #9198a1; }
    .ground { fill: #0d1117; stroke: #30363d; }
    .axis { stroke: #656c76; }
    .ours { fill: #4493f8; }
    .peer { fill: #6e7681; }
    .limit { fill: #21262d; stroke: #6e7681; }
  }`;

/** An SVG of horizontal bars, for light and dark pages. */
export function barChart(title: string, note: string, bars: readonly ChartBar[]): string {
  const height = TOP + bars.length * ROW + LEGEND;
  const longest = Math.max(...bars.map(({ value }) => value));
  const scale = (WIDTH - LEFT - RIGHT) / longest;
  const rows = bars.map(({ name, value, label, role }, i) => {
    const top = TOP + i * ROW + (ROW - BAR) / 2;
    const baseline = top + BAR - 4;
    const width = Math.max(1, Math.round(value * scale));
    const weight = role === "ours" ? ' class="bold"' : "";
    return [
      `  <text x="${LEFT - 10}" y="${baseline}" text-anchor="end"${weight}>${escapeXml(name)}</text>`,
      `  <rect class="${role}" x="${LEFT}" y="${top}" width="${width}" height="${BAR}" rx="2"/>`,
      `  <text x="${LEFT + width + 8}" y="${baseline}"${weight}>${escapeXml(label)}</text>`,
    ].join("\n");
  });
  const shown = ROLES.filter(([role]) => bars.some((bar) => bar.role === role));
  const legend = shown.map(([role, meaning], i) => {
    const [x, y] = [LEFT + i * 100, height - 22];
    return `  <rect class="${role}" x="${x}" y="${y}" width="11" height="11" rx="2"/>
  <text class="note" x="${x + 17}" y="${y + 10}">${meaning}</text>`;
  });
  const summary = bars.map(({ name, label }) => `${name} ${label}`).join("; ");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeXml(`${title}: ${summary}`)}">
  <style>${STYLE}
  </style>
  <rect class="ground" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>
  <text class="title" x="20" y="30">${escapeXml(title)}</text>
  <text class="note" x="20" y="51">${escapeXml(note)}</text>
${rows.join("\n")}
  <line class="axis" x1="${LEFT}" y1="${TOP}" x2="${LEFT}" y2="${TOP + bars.length * ROW}"/>
${legend.join("\n")}
</svg>
`;
}

function escapeXml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
}
