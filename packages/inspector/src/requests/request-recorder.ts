import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { IoredisClient, Scope, Tickpiped } from "@tickpipe/core";
import type { Pace } from "./pace.ts";
import type { RequestLog } from "./request-log.ts";
import { describeServed, nextRequestId } from "./served-request.ts";

/** What `perRequest()` says on this channel when it has opened a request's scope. */
const OPENED = "tickpipe:request:open";

interface OpenedRequest {
  readonly scope: Scope<IoredisClient>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A scope that is recorded, until it is closed. */
interface Recorded {
  readonly id: string;
  by: OpenedRequest | null;
}

/**
 * Records the requests of a client into a log. Scopes in which nothing was called are left out.
 *
 * @param onOpen is told of each HTTP request that is recorded when it comes, before its headers are sent
 * @returns ends it
 */
export function recordRequests<C extends IoredisClient>(
  view: Tickpiped<C>,
  log: RequestLog,
  pace: Pace,
  onOpen: (id: string, res: ServerResponse) => void,
): () => void {
  const open = new WeakMap<object, Recorded>();
  const onOpened = (message: unknown): void => {
    // The one cast of a message: only perRequest() publishes on this channel.
    const by = message as OpenedRequest;
    // Another client's scopes are not in it, nor those that came too fast.
    const recorded = open.get(by.scope);
    if (recorded === undefined) return;
    recorded.by = by;
    onOpen(recorded.id, by.response);
  };
  subscribe(OPENED, onOpened);
  const stop = view.tickpipe.record(
    (record, scope) => {
      const { id, by } = open.get(scope) ?? { id: nextRequestId(), by: null };
      if (record.calls.length === 0) pace.giveBack();
      else log.add(id, by && describeServed(by.request, by.response), record);
    },
    {
      callSites: true,
      replyUses: true,
      when: () => pace.take(),
      opened: (scope) => void open.set(scope, { id: nextRequestId(), by: null }),
    },
  );
  return () => {
    unsubscribe(OPENED, onOpened);
    stop();
  };
}
