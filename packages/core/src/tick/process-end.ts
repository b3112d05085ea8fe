import { sharedByVersions } from "../copies.ts";

/** Something that holds bytes back, and must let them go before the process ends. */
export interface Holder {
  readonly flush: () => void;
}

/** What all copies of this package in a process share: one of each listener, however many clients and copies there are. */
interface ProcessEnd {
  /** Weakly: whoever forgets a client must not have it kept by this. */
  readonly holders: Set<WeakRef<Holder>>;
  /** Whether the process's `exit` listeners are running: what is held now, nobody lets go. */
  isExiting: boolean;
}

/**
 * Lets go of what `holder` holds when the process ends in the middle of a tick: by `process.exit()`, or by an error that nobody handles. The plain
 * client has written by then, and a socket still writes in these listeners.
 *
 * @returns whether the process is ending, so that nothing may be held any more
 */
export function flushedAtProcessEnd(holder: Holder): () => boolean {
  const end = processEnd();
  const reference = new WeakRef(holder);
  end.holders.add(reference);
  forgotten.register(holder, reference);
  return () => end.isExiting;
}

const forgotten = new FinalizationRegistry<WeakRef<Holder>>((reference) => processEnd().holders.delete(reference));

function processEnd(): ProcessEnd {
  return sharedByVersions("processEnd", listen);
}

function listen(): ProcessEnd {
  const end: ProcessEnd = { holders: new Set(), isExiting: false };
  const flushAll = (): void => {
    for (const reference of end.holders) {
      try {
        reference.deref()?.flush();
      } catch {
        // A listener of the application's own that hears of batches may throw: the other clients are flushed all the same.
      }
    }
  };
  // The application's own listeners have the room that they had: the plain client needs none.
  const room = process.getMaxListeners();
  if (room > 0) process.setMaxListeners(room + 1);
  process.on("exit", () => {
    // Later listeners may call as well, and with the plain client their calls are written.
    end.isExiting = true;
    flushAll();
  });
  // Before what others do with the error, such as ending the process without any `exit`.
  process.on("uncaughtExceptionMonitor", flushAll);
  return end;
}
