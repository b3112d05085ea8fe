import type { ClientInternals, IoredisClient } from "../client.ts";
import { eventsOf } from "../client-events.ts";
import type { Cork } from "./cork.ts";

/**
 * Makes what ioredis sends by itself at a (re)connect, the offline queue and the commands to be sent again, leave as
 * one write instead of one for each.
 *
 * ioredis sends them in `readyHandler`, in the same event-loop iteration as either the `connect` event (no handshake to
 * wait for) or the arrival of the last handshake reply. Corking for the rest of those iterations covers both, and keeps
 * no byte back longer than a tick.
 *
 * @param isReady whether all has been sent that was waiting
 */
export function corkReplayedCommands(
  client: IoredisClient,
  internals: ClientInternals,
  cork: Cork,
  isReady: () => boolean = () => internals.status === "ready",
): void {
  eventsOf(client).on("connect", () => {
    const { stream } = internals;
    if (!stream) return;
    cork.holdUntilEndOfIteration(stream);
    const beforeReplyIsParsed = (): void => {
      if (isReady() || internals.stream !== stream) {
        stream.removeListener("data", beforeReplyIsParsed);
        return;
      }
      cork.holdUntilEndOfIteration(stream);
    };
    stream.prependListener("data", beforeReplyIsParsed);
  });
}
