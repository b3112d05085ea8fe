import type { ClientInternals, IoredisClient } from "../client.ts";

/**
 * Waits, and fails, as a call on the client would whose connection is not there: with its offline queue, its
 * `maxRetriesPerRequest` and its errors. A dedicated connection tries only once.
 */
export async function untilReachable(client: IoredisClient, { status, ping }: ClientInternals): Promise<void> {
  if (status === "ready") return;
  try {
    await ping?.call(client);
  } catch (error) {
    // A user who may not PING has reached the server all the same.
    if (!(error instanceof Error) || error.name !== "ReplyError") throw error;
  }
}
