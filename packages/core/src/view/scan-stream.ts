import type { EventEmitter } from "node:events";
import type { Readable } from "node:stream";
import { TickpipeError, type TickpipeErrorCode } from "../errors.ts";
import { GATE, type Method, type View } from "./context.ts";

const REFUSALS: ReadonlySet<TickpipeErrorCode> = new Set([
  "ERR_TICKPIPE_ABORTED",
  "ERR_TICKPIPE_DEADLINE",
  "ERR_TICKPIPE_OVER_BUDGET",
]);

/**
 * A client's `scanStream`, or one like it, as `find` has it now, for a view. The stream calls SCAN on the `this` of the method that made it: on the view, those calls are gathered too.
 *
 * Where the view's scope refuses such a call, the stream ends if nobody listens to its errors: the plain client would have had none, and an `error` event that nobody hears
 * ends the process.
 */
export function scanStreamMethod(find: () => Method): Method<View> {
  return function (...args) {
    const stream = find().apply(this, args);
    if (this[GATE] !== null) endQuietly(stream as Readable);
    return stream;
  };
}

function endQuietly(stream: Readable): void {
  const emit = stream.emit as EventEmitter["emit"];
  const quietly = (event: string | symbol, ...args: unknown[]): boolean => {
    const [error] = args;
    const isUnheard = event === "error" && stream.listenerCount("error") === 0;
    if (!isUnheard || !(error instanceof TickpipeError) || !REFUSALS.has(error.code)) {
      return emit.call(stream, event, ...args);
    }
    stream.push(null);
    return true;
  };
  Object.defineProperty(stream, "emit", { value: quietly, writable: true, configurable: true, enumerable: false });
}
