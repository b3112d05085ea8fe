import type { ClientInternals } from "../client.ts";
import { afterMs } from "../timers.ts";

const LOOK_AGAIN_MS = 50;

/**
 * Calls `gone` if a client whose connection is lost is told to disconnect before it has another: ioredis gives up silently then, without an
 * event. Looks no longer once it has one.
 */
export function untilGone(internals: ClientInternals, gone: () => void): void {
  const { status, manuallyClosing, reconnectTimeout } = internals;
  if (status === "ready" || status === "end") return;
  if (status === "reconnecting" && manuallyClosing === true && !reconnectTimeout) gone();
  else afterMs(LOOK_AGAIN_MS, () => untilGone(internals, gone));
}
