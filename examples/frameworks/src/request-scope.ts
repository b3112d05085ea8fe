import { channel } from "node:diagnostics_channel";
import type { ServerResponse } from "node:http";
import { type Scope, type ScopeOptions, type Tickpiped, TickpipeError } from "@tickpipe/core";
import type { Redis } from "ioredis";

const opened = channel("tickpipe:request:open");

/** A scope that ends with its response. With `abortable: true` it is aborted when the client hangs up before the response was sent. */
export function requestScope(redis: Tickpiped<Redis>, response: ServerResponse, options?: ScopeOptions): Scope<Redis> {
  const scope = redis.tickpipe.scope(options);
  const end = (): void => {
    if (options?.abortable && !response.writableEnded) {
      scope.abort(new Error("The client hung up before the response was sent."));
    }
    scope.close();
  };
  // A client that has hung up already: "close" was emitted before anybody listened.
  if (response.destroyed) end();
  else response.once("close", end);
  // Of a pipelined request whose turn has not come, Node emits no "close" when the connection is cut.
  if (response.socket === null) response.req.socket.once("close", end);
  // Tells the inspector, where there is one, whose calls these are.
  opened.publish({ scope, request: response.req, response });
  return scope;
}

/** Whether a call was refused because the client hung up, in a scope that is `abortable`: nobody waits for an answer. */
export function isHangUp(error: unknown): boolean {
  return error instanceof TickpipeError && error.code === "ERR_TICKPIPE_ABORTED";
}
