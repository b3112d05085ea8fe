import { EventEmitter } from "node:events";
import type { ClientInternals, IoredisClient } from "../client.ts";

/** Methods that send the command named by their first argument. `send_command` is ioredis's old name for `call`. */
const GENERIC_METHODS = ["call", "callBuffer", "send_command"] as const;

/** Methods that return something to collect commands in, and not a reply. */
const COLLECTING_METHODS: ReadonlySet<string> = new Set(["multi", "pipeline"]);

interface Names {
  readonly commands: ReadonlySet<string>;
  readonly methods: ReadonlySet<string>;
}

/** Per version of ioredis, whose clients share this method. */
const namesOfVersions = new WeakMap<object, Names>();

/** The commands that a client's version knows, in lower case. */
export function builtinCommandsOf(client: IoredisClient): ReadonlySet<string> {
  return namesOf(client).commands;
}

/**
 * The names of the methods that send one command each: every command that the client's version knows, with its `Buffer`
 * variant. Asked of the client rather than listed here, so that they are exactly those of its version.
 */
export function commandMethodsOf(client: IoredisClient): ReadonlySet<string> {
  return namesOf(client).methods;
}

function namesOf(client: IoredisClient): Names {
  const { getBuiltinCommands } = client;
  let names = namesOfVersions.get(getBuiltinCommands);
  if (names === undefined) {
    const commands = client.getBuiltinCommands();
    const single = commands.filter((command) => !COLLECTING_METHODS.has(command));
    const methods = [...GENERIC_METHODS, ...single, ...single.map((command) => `${command}Buffer`)];
    names = { commands: new Set(commands), methods: new Set(methods) };
    namesOfVersions.set(getBuiltinCommands, names);
  }
  return names;
}

/** The methods that read a client's keys, fields or members as a stream, by calling a SCAN command again and again. */
export const SCAN_STREAM_METHODS: ReadonlySet<PropertyKey> = new Set([
  "createScanStream",
  ...["scan", "sscan", "hscan", "zscan"].flatMap((scan) => [`${scan}Stream`, `${scan}BufferStream`]),
]);

/** The methods that only add, remove or call listeners, so that nothing is sent. */
export const EMITTER_METHODS: ReadonlySet<PropertyKey> = new Set(
  Reflect.ownKeys(EventEmitter.prototype).filter((name) => name !== "constructor"),
);

/** Whether this is a method that the user added to the client as a command: a script, or one of a Redis module. */
export function isAddedCommand(internals: ClientInternals, method: PropertyKey): boolean {
  if (typeof method !== "string") return false;
  const { scriptsSet = {}, addedBuiltinSet } = internals;
  const command = method.endsWith("Buffer") ? method.slice(0, -"Buffer".length) : method;
  return [method, command].some((name) => Object.hasOwn(scriptsSet, name) || addedBuiltinSet?.has(name));
}

/** Whether this method runs a script of the user's, defined by `defineCommand`: also where its name is that of a command, as in `llen`. */
export function isScript({ scriptsSet }: ClientInternals, method: string): boolean {
  if (scriptsSet === undefined) return false;
  return (
    Object.hasOwn(scriptsSet, method) ||
    (method.endsWith("Buffer") && Object.hasOwn(scriptsSet, method.slice(0, -"Buffer".length)))
  );
}

/** Whether this method sends the command that its first argument names. */
export function isGenericMethod(method: string): boolean {
  return (GENERIC_METHODS as readonly string[]).includes(method);
}

/** Whether these arguments of `multi` are those of `multi({ pipeline: false })`, which sends MULTI at once: the commands after it are ordinary calls. */
export function isWithoutPipeline([first, second]: readonly unknown[]): boolean {
  const options = Array.isArray(first) ? second : (second ?? first);
  return typeof options === "object" && options !== null && "pipeline" in options && options.pipeline === false;
}

/** The command that a method sends, in lower case: that of `getBuffer` is `get`. No command's own name ends so. */
export function commandOfMethod(method: string): string {
  return (method.endsWith("Buffer") ? method.slice(0, -"Buffer".length) : method).toLowerCase();
}
