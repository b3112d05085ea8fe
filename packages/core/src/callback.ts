import { afterCallback } from "./timers.ts";

/** A Node-style callback, as ioredis takes it for the last argument. */
type Callback = (error: unknown, reply?: unknown) => void;

/**
 * Has a caller's callback told what the promise comes to, if there is a callback; the promise's rejection then counts as handled, as with ioredis.
 *
 * The callback runs outside of the promise, so that what it throws is an uncaught exception and not an unhandled rejection.
 */
export function tellCallback<P extends Promise<unknown>>(promise: P, callback: unknown): P {
  if (typeof callback === "function") {
    promise.then(
      (reply) => afterCallback(() => (callback as Callback)(null, reply)),
      (error) => afterCallback(() => (callback as Callback)(error)),
    );
  }
  return promise;
}

/**
 * Lets nobody hear of a call that its caller does not wait for. A browser that hangs up at the right time must not end
 * the process by an unhandled rejection.
 */
export function dropUnheard(call: Promise<unknown>): void {
  call.catch(() => {});
}
