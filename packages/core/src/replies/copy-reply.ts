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

/** Replies of Redis nest less deep; deeper is what refers to itself. */
const DEEPEST = 8;

/**
 * Whether a copy would be as good as the reply. A reply transformer of the user's own may have made anything of it: a Date, whose copy is none, an object
 * with getters, or one that holds itself.
 */
export function isCopyable(reply: unknown, depth = 0): boolean {
  if (typeof reply === "function" || depth > DEEPEST) return false;
  if (typeof reply !== "object" || reply === null || Buffer.isBuffer(reply)) return true;
  const areCopyable = (parts: Iterable<unknown>): boolean => [...parts].every((part) => isCopyable(part, depth + 1));
  if (Array.isArray(reply) || reply instanceof Set) return areCopyable(reply);
  if (reply instanceof Map) return areCopyable(reply.keys()) && areCopyable(reply.values());
  const prototype: unknown = Object.getPrototypeOf(reply);
  if (prototype !== Object.prototype && prototype !== null) return false;
  const fields = Object.values(Object.getOwnPropertyDescriptors(reply));
  return fields.every((field) => "value" in field) && areCopyable(fields.map(({ value }) => value as unknown));
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
