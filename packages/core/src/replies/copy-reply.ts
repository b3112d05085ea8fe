/**
 * A copy that shares nothing mutable with the reply: arrays, objects, Maps, Sets and Buffers are made anew, at any depth;
 * whatever else a reply may hold cannot be changed.
 */
export function copyReply(reply: unknown): unknown {
  if (typeof reply !== "object" || reply === null) return reply;
  if (reply instanceof Uint8Array) return Buffer.from(reply);
  if (Array.isArray(reply)) return reply.map(copyReply);
  if (reply instanceof Map) return new Map([...reply].map(([key, value]) => [copyReply(key), copyReply(value)]));
  if (reply instanceof Set) return new Set([...reply].map(copyReply));
  if (reply instanceof Error) return copyError(reply);
  const copy: object = Object.create(Object.getPrototypeOf(reply));
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(reply))) {
    // By descriptor: a hash may have a field called `__proto__`.
    Object.defineProperty(copy, key, { ...descriptor, value: copyReply(descriptor.value) });
  }
  return copy;
}

/** An error of the same class that says the same, as an object of its own. */
export function copyError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { stack, ...rest } = Object.getOwnPropertyDescriptors(error);
  const copy = new Error(error.message);
  for (const [key, descriptor] of Object.entries(rest)) {
    Object.defineProperty(copy, key, { ...descriptor, value: copyReply(descriptor.value) });
  }
  if (stack) copy.stack = error.stack ?? "";
  return Object.setPrototypeOf(copy, Object.getPrototypeOf(error));
}
