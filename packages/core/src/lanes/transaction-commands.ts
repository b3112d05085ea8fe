import type { QueuedCommand } from "../client.ts";
import { commandOfMethod, isGenericMethod } from "../commands/method-names.ts";

/** A pipeline, as far as its commands go. */
export interface Collected {
  readonly _queue?: readonly (QueuedCommand & { readonly name: string })[];
}

/** The commands that a pipeline has collected, in lower case. */
export function namesIn({ _queue = [] }: Collected): string[] {
  // Those of call() are as they were written.
  return _queue.map(({ name }) => name.toLowerCase());
}

/** The command that a call sends, in lower case; for a method that sends none by its name, that name. */
export function commandOf(property: PropertyKey, [first]: readonly unknown[]): string {
  const name = String(property);
  if (name === "sendCommand") return String((first as { name?: unknown } | undefined)?.name).toLowerCase();
  const called = isGenericMethod(name) ? (Array.isArray(first) ? first.flat()[0] : first) : name;
  return typeof called === "string" ? commandOfMethod(called) : "";
}

/**
 * Whether a reply among those of EXEC says that the server does not know a script. ioredis corrects what it believes of a connection where a script's own
 * reply says so, which within a transaction is QUEUED.
 */
export function isUnknownScript(reply: unknown): boolean {
  return Array.isArray(reply) && reply[0] instanceof Error && reply[0].message.startsWith("NOSCRIPT");
}
