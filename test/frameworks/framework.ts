import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { ScopeOptions, Tickpiped } from "@tickpipe/core";
import type { Redis } from "ioredis";

/** One request as the tests' handlers see it, whatever the framework. */
export interface Call {
  readonly redis: Tickpiped<Redis>;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The JSON body, read as the framework reads it; `undefined` where the request has none. */
  readonly body: unknown;
}

/** Answers with a text, or with a stream that the framework is to send. */
export type Handler = (call: Call) => Promise<string | Readable>;

/** A framework with the recipe of its example, and one handler for all that is asked. */
export interface Framework {
  readonly name: string;
  /** What `createServer()` of `node:http` takes. */
  listener(redis: Tickpiped<Redis>, handler: Handler, options?: ScopeOptions): Promise<RequestListener>;
}
