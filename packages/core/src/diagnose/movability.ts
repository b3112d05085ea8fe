import { rowOf } from "../commands/table.ts";

/**
 * Whether a call could be made together with others, instead of after their replies, as far as its command tells.
 *
 * - `"read"`: it answers from the data alone, so that it may, where it needs no reply of the others.
 * - `"write"`: it may where the program's text shows that no reply decides whether it is made, and that nothing else is waited for in between.
 * - `"never"`: it waits on the server, or its place in the order is its meaning.
 */
export type Movability = "read" | "write" | "never";

/**
 * Returns whether calls of a command may be advised to go together. `"never"` is for blocking calls, which would take from every queue; for what answers with
 * the time or the server's state (TTL, PING), since it is asked again to see a change; for cursors, scripts, transactions, pops and locks; and for every command
 * that is not known.
 *
 * @param command in lower case
 */
export function movabilityOf(command: string): Movability {
  const { effect, keys, movable } = rowOf(command);
  if (!movable) return "never";
  if (effect === "read") return "read";
  // Of what is not known, nothing is known about its order either.
  return effect === "write" && keys !== "any" ? "write" : "never";
}

/** Returns whether a call of a command may wait on the server for somebody else. */
export function mayWait(command: string): boolean {
  return rowOf(command).blocks !== "never";
}

/** Returns whether a call of a command may have changed data; what is not known may have. */
export function mayWrite(command: string): boolean {
  return rowOf(command).effect === "write";
}
