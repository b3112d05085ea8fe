import type { Caller } from "../call/caller.ts";
import { tellCallback } from "../callback.ts";
import type { Part, Splitter } from "../cluster/split-call.ts";
import { TickpipeSplitError } from "../errors.ts";

type Send = (args: unknown[], caller: Caller | null) => unknown;

/**
 * Sends a call over keys of several slots as one call for each slot, all in the tick's writes, and joins their replies.
 *
 * @param command for the error
 */
export function splitSend({ split, join }: Splitter, command: string, send: Send): Send {
  return (args, caller) => {
    const last = args.at(-1);
    const callback = typeof last === "function" ? last : undefined;
    const parts = split(callback ? args.slice(0, -1) : args);
    if (parts === null) return send(args, caller);
    const whole = allOf(parts, command, (part) => send(part, caller)).then((replies) => join(replies, parts));
    return tellCallback(whole, callback);
  };
}

async function allOf(parts: readonly Part[], command: string, send: (args: unknown[]) => unknown): Promise<unknown[]> {
  // Each in the caller's stack, since an async function runs up to its first await.
  const settled = await Promise.allSettled(parts.map(async ({ args }) => send(args)));
  const failed = settled.flatMap((each, i) =>
    each.status === "rejected" ? [{ reason: each.reason as unknown, positions: parts[i]?.positions ?? [] }] : [],
  );
  if (failed.length > 0) throw new TickpipeSplitError(command, parts.length, failed);
  return settled.map((each) => (each.status === "fulfilled" ? (each.value as unknown) : undefined));
}
