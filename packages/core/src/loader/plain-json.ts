import { describe, TickpipeTypeError } from "../errors.ts";

/**
 * The JSON of a value that JSON gives back as it was. Of all others it would keep a part, or something else, in silence.
 *
 * @throws {TickpipeTypeError} `ERR_TICKPIPE_LOADER_RESULT`
 */
export function encodePlainJson(value: unknown): string {
  const found = firstUnlikeJson(value);
  if (found !== null) throw unlikeJson(found);
  return JSON.stringify(value);
}

function unlikeJson(found: string): TickpipeTypeError {
  return new TickpipeTypeError(
    "ERR_TICKPIPE_LOADER_RESULT",
    `Expected a value that JSON gives back as it was, got ${found}. Give load() plain objects, arrays, strings, finite numbers and booleans, or the loader a codec: codec: { encode: JSON.stringify, decode: JSON.parse } keeps what JSON makes of it.`,
  );
}

/** An object or array whose parts are being looked at. */
interface Level {
  readonly object: object;
  readonly parts: readonly unknown[];
  next: number;
}

/**
 * Says what part of a value JSON does not give back as it was; `null` if there is none. A property that is `undefined` is left out by JSON, which
 * who reads it cannot tell.
 *
 * A list instead of recursion: how deep a value is does not matter here.
 */
function firstUnlikeJson(value: unknown): string | null {
  const levels: Level[] = [];
  const above = new Set<object>();
  let found = enter(value, levels, above);
  for (let level = levels.at(-1); found === null && level !== undefined; level = levels.at(-1)) {
    if (level.next === level.parts.length) {
      levels.pop();
      above.delete(level.object);
      continue;
    }
    const part = level.parts[level.next];
    level.next += 1;
    if (part === undefined) found = Array.isArray(level.object) ? "an array with undefined in it" : null;
    else found = enter(part, levels, above);
  }
  return found;
}

function enter(value: unknown, levels: Level[], above: Set<object>): string | null {
  if (value === null || typeof value === "string" || typeof value === "boolean") return null;
  if (typeof value === "number") return Number.isFinite(value) ? null : `the number ${value}`;
  if (typeof value === "bigint") return "a BigInt";
  if (typeof value !== "object") return describe(value);
  if (!isPlain(value)) return Array.isArray(value) ? "an array of a class of its own" : describe(value);
  if ("toJSON" in value) return `${describe(value)} with toJSON()`;
  if (above.has(value)) return `${describe(value)} that holds itself`;
  if (Object.getOwnPropertySymbols(value).some((key) => Object.prototype.propertyIsEnumerable.call(value, key))) {
    return `${describe(value)} with a symbol for a key`;
  }
  // A hole in an array is undefined here.
  const parts = Array.isArray(value) ? value : Object.values(value);
  above.add(value);
  levels.push({ object: value, parts, next: 0 });
  return null;
}

/** Whether an object is a literal's, or an array's, of whatever realm: under jest, what Node itself makes has other prototypes. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return true;
  const own = Array.isArray(value) ? Object.getPrototypeOf(prototype) : prototype;
  return own !== null && Object.getPrototypeOf(own) === null && !isExotic(value);
}

// `Math`, `arguments` and the like have the prototype of a plain object.
function isExotic(value: object): boolean {
  return !Array.isArray(value) && Object.prototype.toString.call(value) !== "[object Object]";
}
