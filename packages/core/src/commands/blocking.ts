/**
 * Commands that always may wait on the server for somebody else's write.
 *
 * WAIT and WAITAOF wait as well, and yet belong to the caller's own connection: they ask how far *its* writes have come. On a connection that has
 * written nothing the answer would come at once and mean nothing.
 */
const BLOCKING: ReadonlySet<string> = new Set([
  ...["blpop", "brpop", "brpoplpush", "blmove", "blmovem", "blmpop"],
  ...["bzpopmin", "bzpopmax", "bzmpop"],
]);

/** Commands that wait only if `BLOCK` is among their options, and how many arguments stand before those. */
const BLOCKING_WITH_OPTION: ReadonlyMap<string, number> = new Map([
  ["xread", 0],
  // GROUP, its name and the consumer's, either of which may be spelled like an option.
  ["xreadgroup", 3],
]);

/** Whether any call of this command may wait on the server, in lower case. */
export function mayBlock(command: string): boolean {
  return BLOCKING.has(command) || BLOCKING_WITH_OPTION.has(command);
}

/**
 * Whether this very call may wait on the server, so that it would hold up all that is called after it.
 *
 * @param command in lower case
 * @param args the call's arguments, arrays among them flattened
 */
export function blocks(command: string, args: readonly unknown[]): boolean {
  const optionsAt = BLOCKING_WITH_OPTION.get(command);
  if (optionsAt === undefined) return BLOCKING.has(command);
  for (let i = optionsAt; i < args.length; i++) {
    const word = wordOf(args[i]);
    if (word === "block") return true;
    if (word === "streams") return false;
    // Its number is no option, whatever it looks like.
    if (word === "count") i += 1;
  }
  return false;
}

function wordOf(argument: unknown): string {
  return typeof argument === "string" || argument instanceof Uint8Array
    ? Buffer.from(argument as string)
        .toString("latin1")
        .toLowerCase()
    : "";
}
