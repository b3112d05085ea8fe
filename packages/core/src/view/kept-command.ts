import { behindChanges, type KeptFor } from "../call/kept-call.ts";
import { changesConnection } from "../commands/connection-changes.ts";

/** A command of ioredis's that its user has made. */
interface MadeCommand {
  readonly name?: unknown;
  readonly args?: unknown[];
}

/**
 * Makes a call of `sendCommand` in its place among those that are kept: behind them all if it changes the state of the connection, else behind such
 * changes. To be asked only while something is kept.
 *
 * @param make makes it; the command is the user's, and is sent as it was
 */
export function sendCommandInPlace(kept: KeptFor, [command]: readonly unknown[], make: () => unknown): unknown {
  const { name, args } = (command ?? {}) as MadeCommand;
  const keep = (): (() => unknown) => {
    args?.forEach((argument, i) => {
      if (argument instanceof Buffer) args[i] = Buffer.from(argument);
    });
    return make;
  };
  const changesState = changesConnection(String(name).toLowerCase());
  // A callback is the command's own, which ioredis tells.
  return behindChanges(kept, { callback: undefined, caller: null, make, keep }, changesState);
}
