import { fileURLToPath } from "node:url";
import type { CallSite } from "./records.ts";

/** So many frames are taken: Tickpipe's own and those of a framework stand among them. */
const FRAMES = 40;

const OWN_PACKAGE = new URL("../../", import.meta.url);
/** How a frame of this package names its file: as a URL where it is a module, as a path where a tool has compiled it. */
const OWN_FILES: readonly string[] = ["src/", "dist/"].flatMap((folder) => {
  const url = new URL(folder, OWN_PACKAGE);
  return [url.href, fileURLToPath(url)];
});

/**
 * Takes the stack of the running code.
 *
 * @param below the frame of this function, and those that it called, are left out
 */
export function takeCallSite(below: (...args: never[]) => unknown): CallSite {
  const taken: { stack?: unknown } = {};
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  try {
    Error.captureStackTrace(taken, below);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return new TakenStack(taken);
}

class TakenStack implements CallSite {
  #taken: { stack?: unknown } | null;
  #text = "";

  constructor(taken: { stack?: unknown }) {
    this.#taken = taken;
  }

  get stack(): string {
    if (this.#taken !== null) {
      this.#text = ownFrames(this.#taken.stack);
      // What V8 took holds on to the functions and their receivers.
      this.#taken = null;
    }
    return this.#text;
  }
}

/** The frames of the user's own code; all but Tickpipe's where there are none. */
export function ownFrames(stack: unknown): string {
  // Where the user's own Error.prepareStackTrace has made something else of it.
  if (typeof stack !== "string") return "";
  const frames = stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !OWN_FILES.some((own) => line.includes(own)));
  const own = frames.filter((frame) => !/[\\/]node_modules[\\/]|\(node:|at (async )?node:|<anonymous>\)?$/.test(frame));
  return (own.length > 0 ? own : frames).join("\n");
}
