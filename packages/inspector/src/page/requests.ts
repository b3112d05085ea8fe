import type { RequestSummary, RequestsMessage } from "../view-model.ts";
import { addressOf } from "./html.ts";
import { useEffect, useRef, useState } from "./library/preact-hooks.js";

/** More than that nobody scrolls through. */
const MOST_REQUESTS = 1_000;

export type Connection = "connecting" | "live" | "lost";

export interface Requests {
  /** Those that are shown, the newest first. */
  readonly shown: readonly RequestSummary[];
  /** Those that came while the list was held. */
  readonly held: readonly RequestSummary[];
  /** How many came too fast to be recorded, or to be shown, since the page was opened. */
  readonly skipped: number;
  readonly connection: Connection;
  /** Shows what was held. */
  release(): void;
  clear(): void;
}

const newest = (first: readonly RequestSummary[], then: readonly RequestSummary[]): RequestSummary[] =>
  [...first, ...then].slice(0, MOST_REQUESTS);

/**
 * Follows the requests by server-sent events.
 *
 * @param isHeld whether new ones are to wait, so that nothing moves under somebody who reads or goes through the list
 */
export function useRequests(isHeld: () => boolean): Requests {
  const [state, setState] = useState({ shown: [] as RequestSummary[], held: [] as RequestSummary[], skipped: 0 });
  const [connection, setConnection] = useState<Connection>("connecting");
  const mayShow = useRef(isHeld);
  mayShow.current = isHeld;
  useEffect(() => {
    const events = new EventSource(addressOf("events"));
    const read = (event: Event): RequestsMessage => JSON.parse((event as MessageEvent<string>).data);
    events.addEventListener("open", () => setConnection("live"));
    events.addEventListener("error", () => setConnection("lost"));
    events.addEventListener("all", (event) => {
      const { requests } = read(event);
      setState(({ skipped }) => ({ shown: newest(requests, []), held: [], skipped }));
    });
    events.addEventListener("older", (event) => {
      const { requests } = read(event);
      setState((before) => ({ ...before, shown: newest(before.shown, requests) }));
    });
    events.addEventListener("more", (event) => {
      const { requests, skipped } = read(event);
      setState((before) => {
        const held = newest(requests, before.held);
        const isWaiting = mayShow.current();
        return {
          shown: isWaiting ? before.shown : newest(held, before.shown),
          held: isWaiting ? held : [],
          skipped: before.skipped + skipped,
        };
      });
    });
    return () => events.close();
  }, []);
  return {
    ...state,
    connection,
    release: () => setState(({ shown, held, skipped }) => ({ shown: newest(held, shown), held: [], skipped })),
    clear: () => setState({ shown: [], held: [], skipped: 0 }),
  };
}
