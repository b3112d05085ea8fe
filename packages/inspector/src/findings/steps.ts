import type { RecordedCall, ScopeRecord } from "@tickpipe/core";
import type { Sources } from "../source/source-files.ts";
import { type OwnStack, type Position, readStack } from "../source/stack.ts";
import { callAt, isAwaitAt, type Syntax, type SyntaxNode } from "../source/syntax.ts";

/** A recorded call and where it was made. */
export interface Step {
  /** Its place among the request's calls, from 0. */
  readonly index: number;
  readonly call: RecordedCall;
  /** How long its reply took, in milliseconds; 0 while it is awaited. */
  readonly durationMs: number;
  readonly stack: OwnStack;
}

const UNKNOWN: OwnStack = { frames: [], running: [], isResumed: false };

export function stepsOf({ calls }: ScopeRecord, sources: Sources): Step[] {
  const isAwait = (position: Position): boolean => {
    const syntax = sources.syntaxOf(position.file);
    return syntax !== null && isAwaitAt(syntax, position);
  };
  return calls.map((call, index) => ({
    ...stepWithoutPlace(call, index),
    stack: call.callSite === null ? UNKNOWN : readStack(call.callSite.stack, isAwait),
  }));
}

export const stepWithoutPlace = (call: RecordedCall, index: number): Step => ({
  index,
  call,
  durationMs: Math.max(0, (call.endedMs ?? call.startedMs) - call.startedMs),
  stack: UNKNOWN,
});

/** Whether a call was made after the reply of another had come, and so in a later round trip. */
export const isAfter = (later: Step, earlier: Step): boolean =>
  earlier.call.endedMs !== null &&
  later.call.startedMs >= earlier.call.endedMs &&
  later.call.roundTrip > earlier.call.roundTrip;

/** Whether a call waited for Redis: for its own reply or, where a read of the same tick was shared, for that of another caller. */
export const hasWaited = ({ call }: Step): boolean => call.answeredBy !== "memo";

/** A place as text, to tell places apart. */
export const placeOf = ({ file, line, column }: { file: string; line: number; column: number }): string =>
  `${file}:${line}:${column}`;

/** The keys of a call as text, to tell calls apart. */
export const keysOf = ({ call }: Step): string => JSON.stringify(call.keys);

/** What the recorded calls are awaited by, in one file. */
export function awaitsIn(steps: readonly Step[], syntax: Syntax, file: string): SyntaxNode[] {
  const awaited = new Map<string, SyntaxNode>();
  for (const { stack } of steps) {
    for (const frame of stack.frames) {
      if (frame.file !== file || awaited.has(placeOf(frame))) continue;
      const call = callAt(syntax, frame);
      if (call !== null) awaited.set(placeOf(frame), call.awaited);
    }
  }
  return [...awaited.values()];
}
