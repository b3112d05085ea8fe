/// <reference path="./cluster-key-slot.d.ts" />
import clusterKeySlot from "cluster-key-slot";

/** A key as callers give it. */
export type Key = string | number | Uint8Array;

/** The hash slot of a key, 0 to 16383, as ioredis finds it. `keyPrefix`: what the client puts before each key. */
export function slotOfKey(key: Key, keyPrefix: unknown): number {
  const text = typeof key === "number" ? String(key) : key;
  if (!keyPrefix) return clusterKeySlot(text);
  if (typeof keyPrefix === "string" && typeof text === "string") return clusterKeySlot(keyPrefix + text);
  return clusterKeySlot(Buffer.concat([bytesOf(keyPrefix as string | Uint8Array), bytesOf(text)]));
}

/** The one slot of all these keys; `null` where they have several. */
export function sharedSlot(keys: readonly Key[], keyPrefix: unknown): number | null {
  const [first, ...others] = keys.map((key) => slotOfKey(key, keyPrefix));
  return first !== undefined && others.every((slot) => slot === first) ? first : null;
}

function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? Buffer.from(value) : value;
}
