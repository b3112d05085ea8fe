import type { Keys } from "../commands/table.ts";

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
    else if (typeof argument === "number" && !isWrittenOut(argument)) key += `${String(argument).length}s${argument}`;
    else if (argument instanceof Buffer) key += `${argument.length}b${argument.toString("latin1")}`;
    else return null;
  }
  return key;
}

/** Whether ioredis 6 writes a number digit by digit, and ioredis 5 as `String` does: `1e21`. */
function isWrittenOut(number: number): boolean {
  return Number.isInteger(number) && !Number.isSafeInteger(number);
}

/**
 * A key as the server knows it: half of a surrogate pair goes to the wire as U+FFFD. Two texts that are one key there are alike here.
 */
export function textOnTheWire(key: string): string {
  // In every Node since 20, and in the types since ES2024.
  return (key as string & { toWellFormed(): string }).toWellFormed();
}

/**
 * The Redis keys among arguments, of whatever type, as text. Bytes that are no UTF-8 become alike: a write is then taken to
 * change more than it does.
 *
 * @returns `null` where the keys are not known
 */
export function redisKeys(keys: Keys, args: readonly unknown[]): string[] | null {
  if (keys === "any") return null;
  // As ioredis does: by one level.
  const flat = args.flat();
  const found = (keys === "first" ? flat.slice(0, 1) : flat).filter((argument) => typeof argument !== "function");
  const texts: string[] = [];
  for (const argument of found) {
    if (typeof argument === "string") texts.push(textOnTheWire(argument));
    else if (typeof argument === "number" && !isWrittenOut(argument)) texts.push(String(argument));
    else if (argument instanceof Buffer) texts.push(argument.toString());
    else return null;
  }
  return texts;
}
