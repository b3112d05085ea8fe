import { describe } from "vitest";
import { isTypeScript, itRuns } from "./application.ts";
import { MATRIX } from "./matrix.ts";

describe("an application in JavaScript runs with the packages as npm installs them", () => {
  for (const row of MATRIX.filter(({ kind }) => !isTypeScript(kind))) itRuns(row);
});
