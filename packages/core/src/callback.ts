import { afterCallback } from "./timers.ts";

/** A Node-style callback, as ioredis takes it for the last argument. */
type Callback = (error: unknown, reply?: unknown) => void;

/** The callback at the end of a call's arguments; `undefined` without one. */
export function callbackOf(args: readonly unknown[]): unknown {
  const last = args.at(-1);
  return typeof last === "function" ? last : undefined;
}

/** The arguments of a call without the callback at their end. */
export function withoutCallback(args: readonly unknown[]): readonly unknown[] {
  return typeof args.at(-1) === "function" ? args.slice(0, -1) : args;
}

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
