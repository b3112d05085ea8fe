import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ClusterResults, HttpResults, MicroResults, Results } from "../results.ts";
import type { Prose } from "./document.ts";

// The same from src/ and from dist/, which stand side by side.
const benchmarks = fileURLToPath(new URL("../../", import.meta.url));
const fileOf = (kind: keyof Results): string => `${benchmarks}results/${kind}.json`;
const PROSE = `${benchmarks}report/`;

/** The kept results. */
export function readResults(): Results {
  const [micro, cluster, http] = [
    kept<MicroResults>("micro"),
    kept<ClusterResults>("cluster"),
    kept<HttpResults>("http"),
  ];
  return { ...(micro && { micro }), ...(cluster && { cluster }), ...(http && { http }) };
}

function kept<Kept extends Results[keyof Results]>(kind: keyof Results): Kept | undefined {
  const file = fileOf(kind);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Kept) : undefined;
}

/** What is written by hand. */
export function readProse(): Prose {
  const names = readdirSync(PROSE).filter((name) => name.endsWith(".md"));
  return Object.fromEntries(names.map((name) => [name.slice(0, -3), readFileSync(PROSE + name, "utf8")]));
}
