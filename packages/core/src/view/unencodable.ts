import { isEncodable } from "../call/encodable.ts";
import type { CommandQueue, QueuedCommand } from "../client.ts";

/*
 * An argument that cannot be made a string, like `{ toString: 1 }`, leaves an ioredis command half made: its promise is
 * rejected, and writing it throws. Called alone on a ready connection, that harms nobody. Within a pipeline, and
 * in the offline queue, ioredis comes upon it in the middle of writing others: those before it wait for replies that
 * were never asked for, and take the replies of others. Both functions keep such a command out, with the same outcome for
 * its own caller.
 */

/**
 * Throws for a command that cannot be written what ioredis would throw, before the first of them is queued.
 *
 * @throws {TypeError} Node's own, of `Buffer.byteLength`, which is what ioredis measures an argument with
 */
export function assertEncodable(commands: readonly QueuedCommand[]): void {
  for (const command of commands) {
    for (const argument of command.args) {
      if (!isEncoded(argument)) Buffer.byteLength(argument as string);
    }
  }
}

/** Takes the command that was queued last off an offline queue again if it could never be written. */
export function dropUnencodableTail(offlineQueues: Iterable<CommandQueue | undefined>): void {
  for (const queue of offlineQueues) {
    const last = queue?.peekBack();
    if (last?.command.args.every(isEncoded) === false) queue?.pop();
  }
}

// ioredis turns every argument into one of these when it makes the command.
function isEncoded(argument: unknown): boolean {
  return typeof argument === "string" || argument instanceof Uint8Array;
}

/** Whether a call has an argument that has no text, for which ioredis throws where it would write the call. */
export function isUnwritable(args: readonly unknown[]): boolean {
  return !args.flat().every(isEncodable);
}
