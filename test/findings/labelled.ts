import { readFileSync } from "node:fs";
import { fine } from "./fine.ts";
import type { Handler } from "./handler.ts";
import { inOrder } from "./in-order.ts";
import { moreFine } from "./more-fine.ts";
import { morePlanted } from "./more-planted.ts";
import { planted } from "./planted.ts";
import { servicesFine } from "./services-fine.ts";
import { servicesPlanted } from "./services-planted.ts";

/** A finding that is expected: its kind, and the line that it is to name. */
export interface Expected {
  readonly kind: string;
  readonly file: string;
  readonly line: number;
}

/** A handler with what is known of it. */
export interface Labelled {
  readonly name: string;
  readonly handler: Handler;
  /** `null` for a handler in which there is nothing to find. */
  readonly expected: Expected | null;
}

/** Helpers that hold the line for the handlers that call them. */
const MADE_IN: Readonly<Record<string, string>> = {
  loopWithinHelper: "postsOf",
  serviceObject: "async find(",
  mapInService: "async titles(",
  asyncGenerator: "postsInTurn",
  cart: "async function cartTotal",
  flags: "async function isEnabled",
  rooms: "async overview",
};

export const labelled: readonly Labelled[] = [
  ...labelledIn("planted.ts", planted),
  ...labelledIn("more-planted.ts", morePlanted),
  ...labelledIn("services-planted.ts", servicesPlanted),
  ...Object.entries({ ...fine, ...moreFine, ...servicesFine, ...inOrder }).map(([name, handler]) => ({
    name,
    handler,
    expected: null,
  })),
];

/** Reads the marks: the first "expect:" in or after the line where a handler, or its helper, begins. */
function labelledIn(file: string, handlers: Readonly<Record<string, Handler>>): Labelled[] {
  const lines = readFileSync(new URL(file, import.meta.url), "utf8").split("\n");
  return Object.entries(handlers).map(([name, handler]) => {
    const beginning = MADE_IN[name] ?? `  ${name}: `;
    const from = lines.findIndex((line) => line.includes(beginning));
    const at = lines.findIndex((line, index) => index >= from && line.includes("expect: "));
    const kind = /expect: ([\w-]+)/.exec(lines[at] ?? "")?.[1];
    if (from < 0 || kind === undefined) throw new Error(`${name} in ${file} has no line with "expect:".`);
    return { name, handler, expected: { kind, file, line: at + 1 } };
  });
}
