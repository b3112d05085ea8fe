import { blocks, mayBlock } from "../commands/blocking.ts";
import { changesConnection } from "../commands/connection-changes.ts";
import { commandOfMethod, isGenericMethod } from "../commands/method-names.ts";
import { type Effect, rowOf, UNKNOWN } from "../commands/table.ts";

/** Whether ioredis would make a text, or entries, of an argument. */
export function isObject(argument: unknown): boolean {
  return typeof argument === "object" && argument !== null && !(argument instanceof Buffer);
}

/** What the command of a method does; it may do anything where that is named only by the call. */
export function effectOfMethod(name: string): Effect {
  return isGenericMethod(name) ? UNKNOWN : rowOf(commandOfMethod(name));
}

/** Makes the function that tells whether a call by this method may change the state of the connection. */
export function stateChangeOf(name: string): (args: readonly unknown[]) => boolean {
  if (isGenericMethod(name)) return ([command]) => changesConnection(String(command).toLowerCase());
  const changes = changesConnection(commandOfMethod(name));
  return () => changes;
}

/** Makes the function that tells whether a call by this method waits on the server; `null` for a method whose calls never do. */
export function blockingCallsOf(name: string): ((args: readonly unknown[]) => boolean) | null {
  if (isGenericMethod(name)) {
    return (args) => {
      const [command, ...own] = args.flat();
      return blocks(String(command).toLowerCase(), own);
    };
  }
  const command = commandOfMethod(name);
  return mayBlock(command) ? (args) => blocks(command, args.flat()) : null;
}
