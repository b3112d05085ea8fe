/** ioredis's own class of commands, as far as it finds a command's keys. */
export type KeyedCommandClass = new (
  name: string,
  args: unknown[],
  options: object,
) => { readonly promise: Promise<unknown>; getSlot(): number | null };

/**
 * Finds the slot of a call's first key, as ioredis does: by a command that is made and never sent.
 *
 * @returns `null` for a call without a key
 */
export function slotOfCall(
  Command: KeyedCommandClass,
  keyPrefix: unknown,
  command: string,
  args: readonly unknown[],
): number | null {
  try {
    const given = args.filter((argument) => typeof argument !== "function");
    return new Command(command, given, { keyPrefix }).getSlot();
  } catch {
    // What ioredis would throw for is left to the client, which throws it.
    return null;
  }
}
