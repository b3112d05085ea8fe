import type { IoredisClient } from "../client.ts";

/** An ioredis command, as far as a lean one relies on it. */
export interface IoredisCommand {
  toWritable(stream: unknown): string | Uint8Array;
  transformReply(reply: unknown): unknown;
  setTimeout(ms: number): void;
  getSlot(): number | null;
  _iterateKeys(transform?: (key: string | Uint8Array) => string | Uint8Array): unknown[];
}

/**
 * Finds the keys among a command's arguments, as the client's own version of ioredis does. Keys that it does not know are left out.
 */
export function keyFinderOf(client: IoredisClient): (command: string, args: readonly unknown[]) => readonly unknown[] {
  let prototype: IoredisCommand | null | undefined;
  return (name, args) => {
    prototype ??= commandPartsOf(client)?.Command.prototype ?? null;
    if (prototype === null) return [];
    // Not by the constructor: that makes a promise, which is rejected where an argument cannot be encoded.
    const command = Object.assign(Object.create(prototype) as IoredisCommand, { name, args: [...args] });
    try {
      return command._iterateKeys();
    } catch {
      // It throws for a call that Redis would refuse, such as an EVAL without the number of its keys.
      return [];
    }
  };
}

/** ioredis's own class of commands. */
export interface IoredisCommandClass {
  readonly prototype: IoredisCommand;
  readonly _transformer: {
    readonly argument: Readonly<Record<string, unknown>>;
    readonly reply: Readonly<Record<string, unknown>>;
  };
}

/** What a client's own version of ioredis offers for making commands. */
export interface CommandParts {
  readonly Command: IoredisCommandClass;
  /** The method that ioredis generates for a command, by the method's name. */
  generatedMethod(name: string): unknown;
}

const NEEDED = ["toWritable", "transformReply", "setTimeout", "getSlot", "_iterateKeys"] as const;

interface ProbedPipeline {
  readonly [method: string]: unknown;
  readonly _queue?: readonly object[];
  ping?(): unknown;
}

/**
 * Finds the client's own `Command` class, which is not to be had from its exports, since an application may hold two copies of
 * ioredis: a pipeline that is never executed makes a command and sends nothing.
 *
 * @returns `null` if this version does not have what a lean command needs
 */
export function commandPartsOf(client: IoredisClient): CommandParts | null {
  const pipeline = client.pipeline() as ProbedPipeline;
  if (typeof pipeline?.ping !== "function") return null;
  pipeline.ping();
  const command = pipeline._queue?.[0];
  if (!command) return null;
  const Command = command.constructor as Partial<IoredisCommandClass>;
  const { prototype, _transformer } = Command;
  if (!prototype || !NEEDED.every((name) => typeof prototype[name] === "function")) return null;
  if (typeof _transformer?.argument !== "object" || typeof _transformer.reply !== "object") return null;
  return {
    Command: Command as IoredisCommandClass,
    // Redis and Pipeline inherit the generated methods from one class. One that a subclass or an agent has
    // replaced on the client is not the pipeline's.
    generatedMethod: (name) => pipeline[name],
  };
}
