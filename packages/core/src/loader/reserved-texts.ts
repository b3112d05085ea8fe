import { randomUUID } from "node:crypto";

// JSON cannot begin with a control character. A codec's text that begins like these is refused.
/** Stands for a value that is `null`. */
export const NULL_TEXT = "\u0000null";
/** Stands for a value that is `undefined`. */
export const UNDEFINED_TEXT = "\u0000undefined";
/** How every mark begins. */
export const MARK = "\u0000mark:";

/** Whether a text says that the thing does not exist. */
export function isAbsence(text: string): boolean {
  return text === NULL_TEXT || text === UNDEFINED_TEXT;
}

/**
 * A text that holds the place of a value which is to be loaded: left by `clear()`, or by a load that takes long. No two are the same, so
 * that a load which finds the one that it saw when it began knows that nobody has cleared or primed the key since.
 */
export function newMark(): string {
  return MARK + randomUUID();
}

/** Whether a text only holds the place of a value. */
export function isMark(text: string): boolean {
  return text.startsWith(MARK);
}
