import type { ClientInternals } from "../client.ts";

/**
 * Applies the client's `commandTimeout` to a call that is not in ioredis's own queues yet: the waiting counts there as well.
 *
 * @param give gets the error that ioredis itself would reject with
 * @returns the timer to clear once the call is made; `undefined` without a `commandTimeout`
 */
export function startCommandTimeout(
  { options }: ClientInternals,
  give: (error: Error) => void,
): NodeJS.Timeout | undefined {
  // A Cluster has it among the options of its nodes.
  const commandTimeout = options?.commandTimeout ?? options?.redisOptions?.commandTimeout;
  if (typeof commandTimeout !== "number") return undefined;
  return setTimeout(() => give(new Error("Command timed out")), commandTimeout);
}
