import { describe, expect, it } from "vitest";
import { barChart } from "./chart.ts";

const svg = barChart("GET <16 B>", "calls/s", [
  { name: "tickpipe", value: 200, label: "200", role: "ours" },
  { name: "ioredis & co", value: 100, label: "100", role: "peer" },
]);

describe("a chart", () => {
  it("has bars as long as their values, each with its name and label as text", () => {
    const widths = [...svg.matchAll(/<rect class="(?:ours|peer)" x="\d+" y="[\d.]+" width="(\d+)" height="18"/g)].map(
      ([, width]) => Number(width),
    );
    expect(widths).toHaveLength(2);
    expect(widths[0]).toBe(2 * (widths[1] ?? 0));
    const texts = [...svg.matchAll(/<text x[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
    expect(texts).toEqual(["tickpipe", "200", "ioredis &amp; co", "100"]);
    expect(svg).toContain("GET &lt;16 B>");
  });

  it("explains the colours that it uses, and no others", () => {
    expect(svg).toContain(">others<");
    expect(svg).not.toContain("not an alternative");
  });

  it("follows the reader's colour scheme, and fetches nothing", () => {
    expect(svg).toContain("@media (prefers-color-scheme: dark)");
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:|url\(|@import/);
  });
});
