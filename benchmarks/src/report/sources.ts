import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { HttpResults, MicroResults, Results } from "../results.ts";
import type { Prose } from "./document.ts";

// The same from src/ and from dist/, which stand side by side.
const benchmarks = fileURLToPath(new URL("../../", import.meta.url));
const FILES = { micro: `${benchmarks}results/micro.json`, http: `${benchmarks}results/http.json` };
const PROSE = `${benchmarks}report/`;

/** The kept results. */
export function readResults(): Results {
  return {
    ...(existsSync(FILES.micro) && { micro: JSON.parse(readFileSync(FILES.micro, "utf8")) as MicroResults }),
    ...(existsSync(FILES.http) && { http: JSON.parse(readFileSync(FILES.http, "utf8")) as HttpResults }),
  };
}

/** What is written by hand. */
export function readProse(): Prose {
  const names = readdirSync(PROSE).filter((name) => name.endsWith(".md"));
  return Object.fromEntries(names.map((name) => [name.slice(0, -3), readFileSync(PROSE + name, "utf8")]));
}
