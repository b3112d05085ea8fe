import type { CallGate } from "../commands/gated-call.ts";

/**
 * Tells a scope's memo that a method was called of which nobody knows what it sends, such as `sendCommand` or one of a subclass: anything may have been written, and may be until the
 * method's promise settles.
 *
 * @param made what the method returned
 * @returns what its caller is to have: of a promise one derived from it, since a handler on the promise itself would hide that nobody handles its rejection
 */
export function spoilMemo(gate: CallGate, made: unknown): unknown {
  gate.calledAnything();
  if (!(made instanceof Promise) || made.constructor !== Promise) return made;
  return made.finally(() => gate.calledAnything());
}
