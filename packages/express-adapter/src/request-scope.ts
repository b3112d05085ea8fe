import type { IncomingMessage } from "node:http";
import type { IoredisClient, Scope } from "@tickpipe/core";
import type { ResolvedPerRequestOptions } from "./per-request-options.ts";
import type { ResponseEnd } from "./response-end.ts";

/** A request's scope, which ends with its response. */
export class RequestScope implements ResponseEnd {
  readonly scope: Scope<IoredisClient>;
  readonly options: ResolvedPerRequestOptions;
  readonly #req: IncomingMessage;

  constructor(scope: Scope<IoredisClient>, options: ResolvedPerRequestOptions, req: IncomingMessage) {
    this.scope = scope;
    this.options = options;
    this.#req = req;
  }

  ended(wasSent: boolean): void {
    const { scope, options } = this;
    if (options.abortOnHangUp && !wasSent) scope.abort(new Error("The browser hung up before the response was sent."));
    scope.close();
    options.onSummary?.(scope.observed().all, this.#req);
  }
}
