import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** The packages, and modules of Node, that an entry point imports when it runs, with all that it imports of this package. */
function importsOf(entry: string): string[] {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const visit = (url: URL): void => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    const text = readFileSync(url, "utf8");
    for (const [, isType, from = ""] of text.matchAll(/^(?:import|export) (type )?[^;]*?from "([^"]+)";$/gm)) {
      if (isType !== undefined) continue;
      if (from.startsWith(".")) visit(new URL(from, url));
      else packages.add(from);
    }
  };
  visit(new URL(entry, import.meta.url));
  return [...packages].filter((name) => !name.startsWith("node:")).sort();
}

it.each([
  ["./index.ts", ["cluster-key-slot", "dataloader"]],
  ["./testing.ts", ["cluster-key-slot", "dataloader"]],
  ["./diagnose.ts", []],
  ["./metrics.ts", ["cluster-key-slot", "dataloader", "prom-client"]],
  ["./otel.ts", ["@opentelemetry/api", "cluster-key-slot", "dataloader"]],
])("%s needs no more packages at run time than %j", (entry, expected) => {
  expect(importsOf(entry)).toEqual(expected);
});
