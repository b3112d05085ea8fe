import type { ClientInternals } from "../client.ts";
import { isGenericMethod, isScript } from "../commands/method-names.ts";

/**
 * Takes a snapshot of a call's arguments, for a stage that keeps the call: ioredis encodes them at once, so its callers may change their arrays,
 * Buffers and objects right after the call. A callback among them stays as it is.
 *
 * @param method the client's method that the call was made with
 */
export type KeepArguments = (method: string, args: readonly unknown[]) => unknown[];

/** Argument transformers as ioredis keeps them, by a command's name: functions, and of iovalkey objects with one. */
export type ArgumentTransformers = Readonly<Record<string, unknown>>;

/** Makes the function that takes snapshots for one client. `transformers`: none where its version of ioredis does not show them. */
export function argumentsKeeperFor(internals: ClientInternals, transformers: ArgumentTransformers = {}): KeepArguments {
  return (method, args) => {
    if (!isGenericMethod(method)) {
      // A script is sent by EVALSHA, whatever its name.
      const name = isScript(internals, method) ? "evalsha" : method.replace(/Buffer$/, "");
      return snapshotOf(name, args, transformers);
    }
    const [name, ...rest] = args;
    return [name, ...snapshotOf(String(name), rest, transformers)];
  };
}

/** @param name as ioredis has it: transformers are found by the very name, upper case or not */
function snapshotOf(name: string, args: readonly unknown[], transformers: ArgumentTransformers): unknown[] {
  // As ioredis does: by one level.
  const flat = args.flat();
  const transformer = Object.hasOwn(transformers, name) ? transformers[name] : undefined;
  if (transformer === undefined) return flat.map(encoded);
  if (!isIoredisOwn(transformer)) return flat.map((argument) => copyOf(argument));
  const hasCallback = typeof flat.at(-1) === "function";
  const entriesAt = name.startsWith("mset") ? 0 : 1;
  const takesEntries = flat.length - (hasCallback ? 1 : 0) === entriesAt + 1;
  return flat.map((argument, i) => (takesEntries && i === entriesAt ? entriesOf(argument) : encoded(argument)));
}

/** ioredis's own transformers take the entries of objects and Maps. A user's may take anything. */
function isIoredisOwn(transformer: unknown): boolean {
  const own =
    typeof transformer === "function" ? transformer : (transformer as IovalkeyTransformer).transformerFunction;
  return own?.name === "msetArgumentTransformer" || own?.name === "hsetArgumentTransformer";
}

interface IovalkeyTransformer {
  readonly transformerFunction?: { readonly name: string };
}

/** An object or a Map with the same entries, each as it goes to the wire. */
function entriesOf(argument: unknown): unknown {
  if (typeof argument !== "object" || argument === null) return argument;
  if (argument instanceof Map) return new Map([...argument].map(([key, value]) => [encoded(key), encoded(value)]));
  // A Map again: an object would put keys that look like numbers first, and has no key `__proto__`. Also of a Buffer, which ioredis takes for an object.
  return new Map(Object.keys(argument).map((key) => [key, encoded((argument as Record<string, unknown>)[key])]));
}

/** What ioredis makes of an argument, as far as it could change: numbers and the like are left to it. */
function encoded(argument: unknown): unknown {
  if (typeof argument !== "object" || argument === null) return argument;
  if (argument instanceof Buffer) return Buffer.from(argument);
  try {
    return String(argument);
  } catch {
    // ioredis throws for it, in its own words.
    return argument;
  }
}

/** A copy of whatever a user's own transformer may take. An instance of a class cannot be copied, and is left as it is. */
function copyOf(value: unknown, copies = new Map<object, unknown>()): unknown {
  if (typeof value !== "object" || value === null) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  const kept = <T>(copy: T): T => {
    copies.set(value, copy);
    return copy;
  };
  if (value instanceof Buffer) return kept(Buffer.from(value));
  if (value instanceof Date) return kept(new Date(value));
  if (Array.isArray(value)) {
    const list: unknown[] = kept([]);
    for (const element of value) list.push(copyOf(element, copies));
    return list;
  }
  if (value instanceof Set) {
    const set = kept(new Set());
    for (const element of value) set.add(copyOf(element, copies));
    return set;
  }
  if (value instanceof Map) {
    const map = kept(new Map());
    for (const [key, element] of value) map.set(copyOf(key, copies), copyOf(element, copies));
    return map;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return value;
  const copy: object = kept(Object.create(prototype));
  for (const [key, element] of Object.entries(value)) {
    // `copy[key] = …` would change the prototype for the key `__proto__`.
    Object.defineProperty(copy, key, {
      value: copyOf(element, copies),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return copy;
}
