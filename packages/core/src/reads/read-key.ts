import type { Keys } from "../commands/effects.ts";

/**
 * What tells one call of a method from another: its arguments, each with its length before it, so that no two lists of
 * arguments look alike.
 *
 * @returns `null` for a call that is not plain: with a callback, or an argument that ioredis must convert
 */
export function argumentsKey(args: readonly unknown[]): string | null {
  let key = "";
  for (const argument of args) {
    if (typeof argument === "string") key += `${argument.length}s${argument}`;
    else if (typeof argument === "number") key += `${String(argument).length}s${argument}`;
    else if (argument instanceof Buffer) key += `${argument.length}b${argument.toString("latin1")}`;
    else return null;
  }
  return key;
}

/**
 * The Redis keys among arguments, of whatever type, as text. Bytes that are no UTF-8 become alike: a write is then taken to
 * change more than it does.
 *
 * @returns `null` where the keys are not known
 */
export function redisKeys(keys: Keys, args: readonly unknown[]): string[] | null {
  if (keys === "any") return null;
  const flat = args.flat(Number.POSITIVE_INFINITY);
  const found = (keys === "first" ? flat.slice(0, 1) : flat).filter((argument) => typeof argument !== "function");
  const texts: string[] = [];
  for (const argument of found) {
    if (typeof argument === "string" || typeof argument === "number") texts.push(String(argument));
    else if (argument instanceof Uint8Array) texts.push(Buffer.from(argument).toString());
    else return null;
  }
  return texts;
}
