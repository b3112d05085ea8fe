import { pathToFileURL } from "node:url";

/**
 * The URL of this module, from a frame of it. Not `import.meta.url`: what compiles packages to CommonJS for Jest (Babel, ts-jest) leaves that as it is, and then the file is none
 * that can be loaded.
 *
 * @throws {Error} if the frame does not tell
 */
export function ownUrl(): string {
  const [, file] = /^\s+at .*?\((.+):\d+:\d+\)$/m.exec(String(stackOfOne())) ?? [];
  if (file === undefined) throw new Error("A stack does not tell where @tickpipe/inspector is.");
  return file.startsWith("file:") ? file : pathToFileURL(file).href;
}

/** The application may want no stacks, or write them in a way that tells no file, or that fails. */
function stackOfOne(): unknown {
  const taken: { stack?: unknown } = {};
  const { stackTraceLimit, prepareStackTrace } = Error;
  // Not by assignments: those throw where the application has frozen what is built in.
  Reflect.set(Error, "stackTraceLimit", 1);
  Reflect.set(Error, "prepareStackTrace", undefined);
  try {
    Error.captureStackTrace(taken);
    return taken.stack;
  } catch {
    return undefined;
  } finally {
    Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
    Reflect.set(Error, "prepareStackTrace", prepareStackTrace);
  }
}
