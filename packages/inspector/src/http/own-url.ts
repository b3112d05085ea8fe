import { pathToFileURL } from "node:url";

/**
 * The URL of this module, from a frame of it. Not `import.meta.url`: what compiles packages to CommonJS for Jest (Babel, ts-jest) leaves that as it is, and then the file is none
 * that can be loaded.
 *
 * @throws {Error} if the frame does not tell
 */
export function ownUrl(): string {
  const taken: { stack?: unknown } = {};
  const { stackTraceLimit } = Error;
  // The application may want no stacks. Not by an assignment: that throws where it has frozen what is built in.
  Reflect.set(Error, "stackTraceLimit", 1);
  Error.captureStackTrace(taken);
  Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
  const [, file] = /^\s+at .*?\((.+):\d+:\d+\)$/m.exec(String(taken.stack)) ?? [];
  if (file === undefined) throw new Error("A stack does not tell where @tickpipe/inspector is.");
  return file.startsWith("file:") ? file : pathToFileURL(file).href;
}
