import { fileURLToPath } from "node:url";

/** A place in a file, as V8 tells it: lines and columns from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A frame of the user's own code. */
export interface Frame extends Position {
  readonly functionName: string | null;
}

/** What the stack of a call says of the user's own code. */
export interface OwnStack {
  /** All own frames, from the call outwards, those that wait for the call (`async`) included. */
  readonly frames: readonly Frame[];
  /**
   * The own frames that ran when the call was made, from the call outwards, up to a library's or Node's frame. The last one is the function that was
   * resumed from an `await`, or that was called by a library.
   */
  readonly running: readonly Frame[];
  /** Whether the last of `running` was resumed from an `await`: then something was waited for there before the call. */
  readonly isResumed: boolean;
}

const LOCATION = /^(?<where>.*?):(?<line>\d+):(?<column>\d+)$/;
const NAMED = /^(?<name>.*?) \((?<location>.*)\)$/;
const RESUMES = "node:internal/process/task_queues";

/**
 * Reads a stack as V8 prints it.
 *
 * @param isAwait whether a place is an `await`. Tools that print stacks themselves, as source-map-support and Vite do, leave out the "async" before
 *   functions that have no name.
 */
export function readStack(stack: string, isAwait: (position: Position) => boolean): OwnStack {
  const frames: Frame[] = [];
  const running: Frame[] = [];
  let isRunning = true;
  let isResumed = true;
  for (const line of stack.split("\n")) {
    const text = /^\s+at (.*)$/.exec(line)?.[1];
    if (text === undefined) continue;
    const isAsync = text.startsWith("async ");
    const frame = frameOf(isAsync ? text.slice(6) : text);
    if (isAsync) isRunning = false;
    // Such as "Array.map (<anonymous>)": V8's own, between two frames of one file.
    if (frame === null) continue;
    if (isLibrary(frame.file)) {
      if (isRunning && running.length > 0) {
        isRunning = false;
        isResumed = frame.file === RESUMES;
      }
      continue;
    }
    frames.push(frame);
    if (isRunning && frame.functionName === null && running.length > 0 && isAwait(frame)) isRunning = false;
    if (isRunning) running.push(frame);
  }
  return { frames, running, isResumed: running.length > 0 && isResumed };
}

const isLibrary = (file: string): boolean => file.startsWith("node:") || /[\\/]node_modules[\\/]/.test(file);

function frameOf(text: string): Frame | null {
  const { name = null, location = text } = NAMED.exec(text)?.groups ?? {};
  const { where, line, column } = LOCATION.exec(location)?.groups ?? {};
  if (where === undefined || where.includes(" ")) return spaced(name, where, line, column);
  return frame(name, where, line, column);
}

/** A path may hold spaces; the place within an `eval` is none. */
function spaced(name: string | null, where?: string, line?: string, column?: string): Frame | null {
  if (where === undefined || where.startsWith("eval at ") || where.includes("<anonymous>")) return null;
  return frame(name, where, line, column);
}

function frame(functionName: string | null, where: string, line?: string, column?: string): Frame | null {
  const file = pathOf(where);
  return file === "<anonymous>" ? null : { functionName, file, line: Number(line), column: Number(column) };
}

function pathOf(where: string): string {
  try {
    return where.startsWith("file://") ? fileURLToPath(where) : where;
  } catch {
    // What an application writes stacks by may name an address that is no file of this machine.
    return where;
  }
}
