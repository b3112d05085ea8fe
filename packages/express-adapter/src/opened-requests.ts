import { channel } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { IoredisClient, Scope } from "@tickpipe/core";

/** What is published on the channel `tickpipe:request:open`, for those who show what a request does: which scope belongs to which request. */
export interface OpenedRequest {
  /** The request's scope, which has just been opened. */
  readonly scope: Scope<IoredisClient>;
  /** The request as Express has it. */
  readonly request: IncomingMessage;
  /** Its response; the headers have not been sent, unless other code did so before. */
  readonly response: ServerResponse;
}

const opened = channel("tickpipe:request:open");

/** Tells whoever listens that a request's scope was opened. The headers have not been sent, unless other code did so before. */
export function tellOpened(message: () => OpenedRequest): void {
  if (opened.hasSubscribers) opened.publish(message());
}
