import type { ClientInternals, IoredisClient } from "../client.ts";
import { builtinCommandsOf, isScript } from "../commands/method-names.ts";
import { rowOf } from "../commands/table.ts";
import type { CommandParts } from "./ioredis-command.ts";
import { type LeanCommand, type LeanCommandClass, type LeanKind, leanCommandClassFor } from "./lean-command.ts";

/** Sends a call of one command lean, or says that it cannot: then nothing has been done. */
export type SendLean = (args: unknown[]) => unknown;

/** What `SendLean` returns for a call that is not plain. */
export const NOT_PLAIN: unique symbol = Symbol("tickpipe.notPlain");

/** Makes a client's lean commands. */
export interface LeanSender {
  /** The lean way of sending for one method of the client; `null` for a method that has none. */
  senderOf(method: string): SendLean | null;
  /** The command that was sent last. */
  readonly lastSent: LeanCommand | null;
}

type SendCommand = (command: object) => unknown;

interface ClientOptions {
  readonly keyPrefix?: unknown;
  readonly showFriendlyErrorStack?: unknown;
}

/** Makes a client's lean sender. */
export function leanSenderFor(client: IoredisClient, internals: ClientInternals, parts: CommandParts): LeanSender {
  const Lean = leanCommandClassFor(parts.Command, client.isCluster);
  const argumentTransformers = parts.Command._transformer.argument;
  const known = builtinCommandsOf(client);

  let lastSent: LeanCommand | null = null;
  const senderOf = (method: string): SendLean | null => {
    const isBufferVariant = !known.has(method) && method.endsWith("Buffer");
    const name = isBufferVariant ? method.slice(0, -"Buffer".length) : method;
    const generated = parts.generatedMethod(method);
    if (!known.has(name) || !rowOf(name).lean || typeof generated !== "function") return null;
    // A pipeline has the client's scripts, too: that of `llen` is what the client has, and yet sends no LLEN.
    if (isScript(internals, method)) return null;
    const kind: LeanKind = { name, replyEncoding: isBufferVariant ? null : "utf8", heads: [] };
    const { takesObjects } = rowOf(name);

    return (given) => {
      let args = given;
      let form = formOf(args);
      // The method may have been replaced since, by an agent or a test.
      if (form === NOT_LEAN_FORM || internals[method] !== generated) return NOT_PLAIN;
      const transformer = argumentTransformers[name];
      if (transformer) {
        // A user may have put one in the place of ioredis's own at any time, so that it is asked. For any other command a transformer is the user's.
        // iovalkey keeps something else here than a function, and asks it in its own way.
        if (!takesObjects || typeof transformer !== "function") return NOT_PLAIN;
        args = transformer(args);
        form = args === given ? form : formOf(args);
        if (form === NOT_LEAN_FORM) return NOT_PLAIN;
      }
      const options = client.options as ClientOptions;
      // The stack of the call is ioredis's to take.
      if (options.showFriendlyErrorStack) return NOT_PLAIN;
      const { keyPrefix } = options;
      if (keyPrefix && typeof keyPrefix !== "string") return NOT_PLAIN;
      const command = makeCommand(Lean, kind, args, form);
      if (keyPrefix) prefixKeys(command, keyPrefix as string);
      lastSent = command;
      return (internals.sendCommand as SendCommand).call(client, command);
    };
  };
  return {
    senderOf,
    get lastSent() {
      return lastSent;
    },
  };
}

function makeCommand(Lean: LeanCommandClass, kind: LeanKind, args: unknown[], form: number): LeanCommand {
  if (form & HAS_NUMBERS) {
    for (let i = 0; i < args.length; i++) if (typeof args[i] === "number") args[i] = String(args[i]);
  }
  return new Lean(kind, args as (string | Uint8Array)[], (form & HAS_BUFFERS) !== 0);
}

const NOT_LEAN_FORM = -1;
const HAS_NUMBERS = 1;
const HAS_BUFFERS = 2;

/** What kinds of arguments there are: strings, numbers and Buffers are plain; anything else is ioredis's to convert. */
function formOf(args: readonly unknown[]): number {
  let form = 0;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (typeof arg === "string") continue;
    if (typeof arg === "number") {
      // ioredis 6 writes an integer beyond the safe ones digit by digit.
      if (Number.isInteger(arg) && !Number.isSafeInteger(arg)) return NOT_LEAN_FORM;
      form |= HAS_NUMBERS;
    } else if (arg instanceof Buffer) {
      form |= HAS_BUFFERS;
    } else {
      return NOT_LEAN_FORM;
    }
  }
  return form;
}

function prefixKeys(command: LeanCommand, prefix: string): void {
  let prefixBytes: Buffer | undefined;
  command._iterateKeys((key) => {
    // Where a call has too few arguments, ioredis prefixes the key that is missing: the same here.
    if (!(key instanceof Buffer)) return prefix + key;
    prefixBytes ??= Buffer.from(prefix);
    return Buffer.concat([prefixBytes, key]);
  });
}
