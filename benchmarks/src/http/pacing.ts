import type { EventEmitter } from "node:events";
import type { Client } from "autocannon";

/** How a connection keeps to its schedule. */
export interface Pace {
  /** How long after its time the request under way was sent, since the one before it was answered late; in milliseconds. */
  readonly behindMillis: number;
}

/**
 * Makes a connection send its requests at even intervals, as long as they are answered in time.
 *
 * autocannon's own rates let each connection send what a second allows as fast as it can, all from the second's beginning on,
 * and then rest: that is a burst at full load, whatever the rate.
 *
 * @param first when the first request is due, on the clock of `performance.now()`
 * @param interval between requests, in milliseconds
 */
export function pace(client: Client, first: number, interval: number): Pace {
  const connection = client as unknown as Connection;
  // autocannon calls it when a connection opens and when a reply is complete. It offers no public way to wait there.
  const send = connection._doRequest;
  if (typeof send !== "function") throw new Error("Expected autocannon 9.0.0, whose clients have a _doRequest.");
  const state = { behindMillis: 0 };
  let due = first;
  let timer: NodeJS.Timeout | undefined;
  const sendNow = (behindMillis: number): void => {
    state.behindMillis = behindMillis;
    due += interval;
    send.call(connection);
  };
  connection._doRequest = () => {
    clearTimeout(timer);
    const early = due - performance.now();
    // A timer that fires late is this process's lateness, not the app's: it is not counted.
    if (early > 0) timer = setTimeout(sendNow, early, 0);
    else sendNow(-early);
  };
  connection.on("done", () => clearTimeout(timer));
  return state;
}

interface Connection extends EventEmitter {
  _doRequest: () => void;
}
