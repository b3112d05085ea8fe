import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { MicroResults } from "../results.ts";
import { comparisons } from "./comparisons.ts";
import { pagesOf } from "./document.ts";
import { readProse, readResults } from "./sources.ts";

const docs = fileURLToPath(new URL("../../../docs/", import.meta.url));

const measured = (name: string, ...rates: number[]) => ({
  name,
  rounds: rates.map((callsPerSecond) => ({ callsPerSecond, cpuMicrosPerCall: 1 })),
});

const micro: MicroResults = {
  kind: "micro",
  command: "pnpm bench --only INCR",
  workloads: [
    {
      name: "INCR, 100 per tick",
      callsPerTick: 100,
      calls: 100,
      valueBytes: 16,
      commands: ["incr"],
      subjects: [
        measured("ioredis", 10, 10, 10, 10),
        measured("faster", 40, 50, 60, 70),
        measured("equal", 19, 20, 21, 22),
        measured("tickpipe", 20, 20, 20, 20),
        measured("limit: raw socket", 900, 900, 900, 900),
      ],
    },
  ],
  latency: [],
  memory: [],
};

describe("the report", () => {
  it("of the kept results is what docs/ holds (else run `pnpm bench:report`)", () => {
    const pages = pagesOf(readResults(), readProse());
    const charts = readdirSync(`${docs}charts`).map((file) => `charts/${file}`);
    expect(charts.sort()).toEqual(
      Object.keys(pages)
        .filter((path) => path.startsWith("charts/"))
        .sort(),
    );
    for (const [path, text] of Object.entries(pages)) expect(readFileSync(docs + path, "utf8"), path).toBe(text);
  });

  it("names what was lost and what was tied before what was won, and no limit among them", () => {
    expect(comparisons({ micro }).map(({ peer, outcome }) => [peer, outcome])).toEqual([
      ["ioredis", "win"],
      ["faster", "loss"],
      ["equal", "tie"],
    ]);
    const page = pagesOf({ micro }, {})["benchmarks.md"] ?? "";
    const section = page.slice(page.indexOf("## Losses"), page.indexOf("## The bars"));
    expect(section).toMatch(/faster +\| +0\.3\dx.*loss.*\n.*equal +\|.*tie/);
    expect(section).not.toMatch(/ioredis|raw socket/);
  });

  it("shows the command of the run, and the prose in its place", () => {
    const page = pagesOf({ micro }, { introduction: "Hello.", after: "## After\n" })["benchmarks.md"] ?? "";
    expect(page).toContain("```sh\npnpm bench --only INCR\n```");
    expect(page).toMatch(/^# Benchmarks\n\nHello\.\n\n## Losses/);
    expect(page).toMatch(/\n\n## After\n\n## The runs\n/);
  });
});
