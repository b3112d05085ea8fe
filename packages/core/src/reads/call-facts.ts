import type { ClientInternals } from "../client.ts";
import type { GatedCall } from "../commands/gated-call.ts";
import { commandOfMethod, isGenericMethod } from "../commands/method-names.ts";
import { rowOf } from "../commands/table.ts";
import { redisKeys } from "./read-key.ts";

/** The most keys that are told of one call. */
const MOST_KEYS = 16;
/** So much of a key is told, in UTF-16 units. */
const LONGEST_KEY = 512;

/** Finds the keys among a command's arguments, as a client itself does. */
export type KeysOfCommand = (command: string, args: readonly unknown[]) => readonly unknown[];

/** A call's command, in lower case, and its keys: what may be told of it to whoever observes. */
export interface CommandAndKeys {
  readonly command: string;
  readonly keys: readonly string[];
}

/**
 * Tells commands and keys of calls.
 *
 * @param keysOf asked about commands whose keys this package does not know itself
 */
export function callFactsOf(
  internals: ClientInternals,
  keysOf: KeysOfCommand,
): (call: Pick<GatedCall, "method" | "args" | "queue">) => CommandAndKeys {
  const prefixed = (keys: readonly string[]): string[] => {
    const prefix = internals.options?.keyPrefix;
    const isPrefixed = typeof prefix === "string" || prefix instanceof Uint8Array;
    return keys
      .slice(0, MOST_KEYS)
      .map((key) => shortened(isPrefixed ? `${Buffer.from(prefix as string)}${key}` : key));
  };
  return ({ method, args, queue }) => {
    if (queue !== undefined) {
      // Its commands are made already, with the prefix.
      const keys: string[] = [];
      for (const { name = "", args: own } of queue) {
        if (keys.length >= MOST_KEYS) break;
        keys.push(...keysAmong(internals, keysOf, name.toLowerCase(), own));
      }
      return { command: method, keys: keys.slice(0, MOST_KEYS).map(shortened) };
    }
    if (method === "transaction") return { command: method, keys: prefixed(textsOf(args)) };
    if (!isGenericMethod(method)) {
      const command = commandOfMethod(method);
      const [first] = args;
      // By far the most calls, without the lists that the general way makes.
      if (typeof first === "string" && rowOf(command).keys === "first") return { command, keys: prefixed([first]) };
      return { command, keys: prefixed(keysAmong(internals, keysOf, command, args)) };
    }
    const [name, ...rest] = args;
    const command = typeof name === "string" && /^[\w.-]{1,64}$/.test(name) ? name.toLowerCase() : method;
    return { command, keys: prefixed(keysAmong(internals, keysOf, command, rest)) };
  };
}

function keysAmong(
  { scriptsSet }: ClientInternals,
  keysOf: KeysOfCommand,
  command: string,
  args: readonly unknown[],
): string[] {
  const flat = args.flat(Number.POSITIVE_INFINITY);
  const script = scriptsSet !== undefined && Object.hasOwn(scriptsSet, command) ? scriptOf(scriptsSet, command) : null;
  if (script !== null) {
    const { numberOfKeys } = script;
    return textsOf(typeof numberOfKeys === "number" ? flat.slice(0, numberOfKeys) : flat.slice(1, 1 + Number(flat[0])));
  }
  const [first] = flat;
  if ((command === "mset" || command === "msetnx") && typeof first === "object" && !(first instanceof Uint8Array)) {
    return textsOf(first instanceof Map ? [...first.keys()] : Object.keys(first ?? {}));
  }
  return redisKeys(rowOf(command).keys, flat.slice(0, 2 * MOST_KEYS)) ?? textsOf(keysOf(command, flat));
}

function scriptOf(scripts: object, name: string): { readonly numberOfKeys?: unknown } | null {
  const script: unknown = (scripts as { [name: string]: unknown })[name];
  return typeof script === "object" ? script : null;
}

function textsOf(keys: readonly unknown[]): string[] {
  return keys.slice(0, MOST_KEYS).flatMap((key) => {
    if (typeof key === "string" || typeof key === "number") return [String(key)];
    return key instanceof Uint8Array ? [Buffer.from(key).toString()] : [];
  });
}

function shortened(key: string): string {
  if (key.length <= LONGEST_KEY) return key;
  // A slice of a string holds on to the whole of it; its bytes do not.
  return `${Buffer.from(key.slice(0, LONGEST_KEY - 1)).toString()}…`;
}
