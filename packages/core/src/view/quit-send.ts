import type { Caller } from "../call/caller.ts";
import { tellCallback } from "../callback.ts";
import { commandOfMethod, isGenericMethod } from "../commands/method-names.ts";

type Send = (args: unknown[], caller: Caller | null) => unknown;

/** What is to be finished before a client has quit, though it is on connections of its own. */
export interface Unfinished {
  /** Settles when it is finished. */
  readonly finished: Promise<unknown>;
  /** Gives it up. */
  drop(): void;
}

/**
 * Sends a call of a method; where that is QUIT, has its caller wait as well for what else is to be finished.
 *
 * @param method the method's name
 * @param quitting to be called when QUIT is sent; returns what is unfinished, or `null`
 */
export function quitSend(method: string, quitting: () => Unfinished | null, send: Send): Send {
  const isGeneric = isGenericMethod(method);
  if (!isGeneric && commandOfMethod(method) !== "quit") return send;
  return (args, caller) => {
    if (isGeneric && String(args[0]).toLowerCase() !== "quit") return send(args, caller);
    const unfinished = quitting();
    if (unfinished === null) return send(args, caller);
    const last = args.at(-1);
    const quit = send(typeof last === "function" ? args.slice(0, -1) : args, caller);
    if (!(quit instanceof Promise)) return quit;
    return tellCallback(afterBoth(quit, unfinished), last);
  };
}

async function afterBoth(quit: Promise<unknown>, unfinished: Unfinished): Promise<unknown> {
  try {
    const reply = await quit;
    await unfinished.finished;
    return reply;
  } catch (error) {
    // As where the client was disconnected meanwhile.
    unfinished.drop();
    throw error;
  }
}
