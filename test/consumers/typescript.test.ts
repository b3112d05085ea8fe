import { describe } from "vitest";
import { isTypeScript, itRuns } from "./application.ts";
import { MATRIX } from "./matrix.ts";

describe("an application in TypeScript compiles, strictly and with all declarations checked, and runs", () => {
  for (const row of MATRIX.filter(({ kind }) => isTypeScript(kind))) itRuns(row);
});
