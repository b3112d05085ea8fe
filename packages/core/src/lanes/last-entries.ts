/** An XREAD whose `$` are to be told: where each stands among the arguments, and the key of its stream. */
export interface OpenEnd {
  readonly at: number;
  readonly key: unknown;
}

/**
 * The `$` of an XREAD. Redis takes it for the last entry at the moment when it comes to the command, which on another connection is later than natively.
 *
 * @param args of the command, flattened
 */
export function openEndsOf(command: string, args: readonly unknown[]): readonly OpenEnd[] {
  if (command !== "xread") return [];
  const streams = args.findIndex((argument) => wordOf(argument).toLowerCase() === "streams");
  const count = (args.length - streams - 1) / 2;
  if (streams === -1 || !Number.isInteger(count)) return [];
  const firstId = streams + 1 + count;
  return args
    .slice(firstId)
    .flatMap((id, i) => (wordOf(id) === "$" ? [{ at: firstId + i, key: args[streams + 1 + i] }] : []));
}

/** The id of the entry that XREVRANGE with COUNT 1 has found; of an empty stream, the one before all. */
export function lastIdIn(reply: unknown): string {
  const first: unknown = Array.isArray(reply) ? reply[0] : undefined;
  return Array.isArray(first) ? String(first[0]) : "0-0";
}

function wordOf(argument: unknown): string {
  if (typeof argument === "string") return argument;
  return argument instanceof Uint8Array ? Buffer.from(argument).toString("latin1") : "";
}
