import type { OutcomeWatcher, WatchedCommand } from "../commands/watched-command.ts";

/** Is told as well that the call was made. */
export interface CallWatcher extends OutcomeWatcher {
  /** The call was made and has returned. */
  sent(): void;
}

/**
 * Makes a call and has told what it comes to, without changing what the caller sees of it.
 *
 * @param hasCallback whether the caller gave a callback
 * @returns what the call returned; of a promise, one that settles alike
 */
export function watchCall(send: () => unknown, hasCallback: boolean, watcher: CallWatcher): unknown {
  let made: unknown;
  try {
    made = send();
  } catch (error) {
    watcher.failed(error);
    throw error;
  }
  watcher.sent();
  return watchMade(made, null, hasCallback, watcher);
}

/**
 * The same for a call that has been made.
 *
 * @param made what it returned
 * @param command the command behind it; `null` for a call without one that can be watched
 */
export function watchMade(
  made: unknown,
  command: WatchedCommand | null,
  hasCallback: boolean,
  watcher: OutcomeWatcher,
): unknown {
  if (command !== null) {
    command.watch(watcher);
    return made;
  }
  if (!(made instanceof Promise)) {
    watcher.replied(undefined);
    return made;
  }
  const watched = made.then(
    (reply: unknown) => {
      watcher.replied(reply);
      return reply;
    },
    (error: unknown) => {
      watcher.failed(error);
      if (hasCallback) return;
      throw error;
    },
  );
  // A caller with a callback has ioredis's own promise, whose rejection ioredis counts as handled. One without must get
  // the promise that was derived from it: the other is handled from here on, and an unhandled rejection, which Node
  // reports of the plain client, would go unseen.
  return hasCallback ? made : watched;
}
