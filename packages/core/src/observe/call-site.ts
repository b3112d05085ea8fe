import { fileURLToPath, pathToFileURL } from "node:url";
import type { CallSite } from "./records.ts";

/** So many frames are taken: Tickpipe's own, and some of a framework's, stand among them. */
const FRAMES = 24;

/**
 * This package's folder, from where this module is in it: in `src/` or `dist/`, or in the file that is published. In any other place a bundler has joined it with
 * the application, whose frames cannot be told from its own.
 */
const [, OWN_PACKAGE] =
  /^(.+\/)(?:(?:src|dist)\/observe\/call-site\.[jt]s|lib\/shared\/[\w-]+\.js)$/.exec(ownUrl()) ?? [];
/** How a frame of this package begins its file's name: as a URL where it is a module, as a path where a tool has compiled it. */
const OWN_FILES: readonly string[] = OWN_PACKAGE === undefined ? [] : [OWN_PACKAGE, fileURLToPath(OWN_PACKAGE)];

/**
 * The URL of this module, from a frame of it; `""` if the frame does not tell. Not `import.meta.url`: what compiles packages to CommonJS for Jest (Babel, ts-jest) leaves that as
 * it is, and then the file is none that can be loaded.
 */
function ownUrl(): string {
  const taken = stackOf(1);
  const [, file] = /^\s+at .*?\((.+):\d+:\d+\)$/m.exec(String(asV8Writes(taken))) ?? [];
  if (file === undefined) return "";
  return file.startsWith("file:") ? file : pathToFileURL(file).href;
}

/**
 * Takes the stack of the running code.
 *
 * @param below the frame of this function, and those that it called, are left out
 */
export function takeCallSite(below: (...args: never[]) => unknown): CallSite {
  return new TakenStack(stackOf(FRAMES, below));
}

/** A stack of so many frames, however many the application wants its errors to have. */
function stackOf(frames: number, below: (...args: never[]) => unknown = stackOf): { stack?: unknown } {
  const taken: { stack?: unknown } = {};
  const { stackTraceLimit } = Error;
  // Not by an assignment: that throws where the application has frozen what is built in.
  Reflect.set(Error, "stackTraceLimit", frames);
  Error.captureStackTrace(taken, below);
  Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
  return taken;
}

class TakenStack implements CallSite {
  #taken: { stack?: unknown } | null;
  #text = "";

  constructor(taken: { stack?: unknown }) {
    this.#taken = taken;
  }

  get stack(): string {
    if (this.#taken !== null) {
      this.#text = withoutTickpipe(asApplicationWrites(this.#taken));
      // What V8 took holds on to the functions and their receivers.
      this.#taken = null;
    }
    return this.#text;
  }
}

/** V8 writes a stack when it is first read, by `Error.prepareStackTrace` where an application has one. If that throws, it has not written it yet. */
function asApplicationWrites(taken: { stack?: unknown }): unknown {
  try {
    return taken.stack;
  } catch {
    return asV8Writes(taken);
  }
}

function asV8Writes(taken: { stack?: unknown }): unknown {
  const { prepareStackTrace } = Error;
  Reflect.set(Error, "prepareStackTrace", undefined);
  try {
    return taken.stack;
  } catch {
    // The application has frozen what is built in.
    return undefined;
  } finally {
    Reflect.set(Error, "prepareStackTrace", prepareStackTrace);
  }
}

function withoutTickpipe(stack: unknown): string {
  if (typeof stack !== "string") return "";
  const isShown = (line: string): boolean => /^\s+at /.test(line) && !OWN_FILES.some((own) => line.includes(own));
  return stack.split("\n").filter(isShown).join("\n");
}

// Such as "at Array.map (<anonymous>)" and "at async Promise.all (index 0)": V8's own.
const NOT_OWN = /[\\/]node_modules[\\/]|\(node:|at (async )?node:|<anonymous>\)?$|\(index \d+\)$/;

/**
 * The user's own frames down to the function that was resumed from an `await`; `null` where the stack does not tell that one was, since nothing was
 * awaited or the tool that wrote it leaves that out.
 */
export function framesOfResumed({ stack }: CallSite): string[] | null {
  const lines = stack.split("\n");
  const end = lines.findIndex((line) => /^\s+at async |node:internal\/process\/task_queues/.test(line));
  return end < 0 ? null : ownFrames({ stack: lines.slice(0, end).join("\n") });
}

/** The frames of the user's own code, neither in a package of `node_modules` nor Node's; all where there are none of them. */
export function ownFrames({ stack }: CallSite): string[] {
  const frames = stack === "" ? [] : stack.split("\n").map((line) => line.trim());
  const own = frames.filter((frame) => !NOT_OWN.test(frame));
  return own.length > 0 ? own : frames;
}

/** A frame as people read it: `load (posts.js:12:31)`, files within the working directory from there. */
export function shownFrame(frame: string): string {
  const text = frame.replace(/^at (async )?/, "").replaceAll("file://", "");
  return text.replaceAll(`${process.cwd()}/`, "");
}
