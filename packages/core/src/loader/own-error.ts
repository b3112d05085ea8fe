import { describeKind, TickpipeTypeError } from "../errors.ts";

/**
 * A copy of an error, for another request that waits for the same load: what one request writes on its error (a status, an
 * id) does not reach another. It has the class, the message, the stack and the own properties of the original; private
 * fields of its class cannot be copied.
 */
export function copyError(error: Error): Error {
  const copy = Object.create(Object.getPrototypeOf(error), Object.getOwnPropertyDescriptors(error)) as Error;
  // V8's `stack` may be an accessor, which finds nothing on a copy.
  Object.defineProperty(copy, "stack", { value: error.stack, writable: true, configurable: true, enumerable: false });
  return copy;
}

/** What `load` rejected with, or the codec threw, as an error. */
export function asError(reason: unknown): Error {
  if (reason instanceof Error) return reason;
  const message = `Expected load and codec to fail with an Error, got ${describeKind(reason)}. It is this error's cause.`;
  const error = new TickpipeTypeError("ERR_TICKPIPE_LOADER_RESULT", message);
  error.cause = reason;
  return error;
}
