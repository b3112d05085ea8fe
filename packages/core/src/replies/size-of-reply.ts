/** About how many bytes a reply holds: a string counts one per UTF-16 unit, anything that has no length 8. */
export function sizeOfReply(reply: unknown): number {
  if (typeof reply === "string" || reply instanceof Uint8Array) return reply.length;
  if (typeof reply !== "object" || reply === null) return 8;
  const parts =
    reply instanceof Map ? [...reply].flat() : reply instanceof Set ? [...reply] : Object.entries(reply).flat();
  return parts.reduce((sum: number, part) => sum + sizeOfReply(part), 8);
}
