/** Whether an argument has a text. ioredis throws for one that has none, where it would write the call. */
export function isEncodable(argument: unknown): boolean {
  if (typeof argument !== "object" || argument === null || argument instanceof Uint8Array) return true;
  try {
    String(argument);
    return true;
  } catch {
    return false;
  }
}
