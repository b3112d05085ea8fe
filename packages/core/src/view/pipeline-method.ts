import type { Caller } from "../call/caller.ts";
import { behindChanges, type KeepableCall } from "../call/kept-call.ts";
import type { QueuedCommand } from "../client.ts";
import { mayBlock } from "../commands/blocking.ts";
import { ANYTHING } from "../commands/effects.ts";
import type { CallGate, GatedCall } from "../commands/gated-call.ts";
import { changesConnectionTogether } from "../commands/lean-commands.ts";
import { isWithoutPipeline } from "../commands/method-names.ts";
import type { WatchedCommand } from "../commands/watched-command.ts";
import { nativeCommandOf } from "../observe/native-command.ts";
import { GATE, type Method, type View, type ViewContext } from "./context.ts";
import { keepPipeline } from "./kept-pipeline.ts";
import { assertEncodable } from "./unencodable.ts";

type Send = (args: unknown[], caller: Caller | null) => unknown;

/** An ioredis pipeline: `_queue` holds its commands, MULTI and EXEC included. */
interface Pipeline {
  readonly isPipeline: true;
  readonly _queue?: readonly QueuedCommand[];
  exec: Method<Pipeline>;
}

/**
 * A view's `pipeline` or `multi`: ioredis's own pipeline, made by the raw client and holding it, whose `exec` corks
 * first, so that it leaves in its place among the tick's other calls.
 */
export function pipelineMethod(context: ViewContext, name: "pipeline" | "multi"): Method<View> {
  const { client, internals, ambient } = context;
  const { line } = context.kept;
  const call = (args: unknown[]): unknown => (internals[name] as Method).apply(client, args);
  const commandOf = (made: unknown): WatchedCommand | null => nativeCommandOf(context.pending, made);
  return function (...args) {
    const gate = this[GATE] ?? ambient.current();
    if (name === "multi" && isWithoutPipeline(args)) {
      const begin = (): unknown => beginTransaction(context, () => call(args));
      const keepable = { callback: undefined, make: begin, keep: () => begin };
      const send = (_args: unknown[], caller: Caller | null): unknown =>
        line.isBusy ? behindChanges(context.kept, { ...keepable, caller }, true) : begin();
      // As any command of its scope: see commandMethod.
      if (gate !== null && gate.runPlain !== null) return gate.runPlain({ ...SINGLE, send, commandOf }, args);
      const described = { method: name, commands: 1, args: [], callback: undefined, changesState: () => true };
      return passThrough(gate, described, send, keepNothing);
    }
    const pipeline = call(args);
    // MULTI is in its queue from the start, EXEC comes with exec().
    if (isPipeline(pipeline)) corkOnExec(context, pipeline, gate, name);
    return pipeline;
  };
}

/** The MULTI of a transaction of single calls. */
const SINGLE = { commandsIn: () => 1 } as const;

function beginTransaction({ pending, cork, connection, reads, watchers }: ViewContext, call: () => unknown): unknown {
  cork.begin();
  cork.count(1);
  const begun = watchers.watchesCommands ? watchers.around(pending, call) : call();
  connection.called("multi");
  reads?.calledAnything();
  cork.wrote();
  return begun;
}

function corkOnExec(
  { client, pending, cork, connection, inlineBlocking, kept, limit, reads, watchers }: ViewContext,
  pipeline: Pipeline,
  gate: CallGate | null,
  method: "pipeline" | "multi",
): void {
  const { exec } = pipeline;
  const addedByExec = method === "multi" ? 1 : 0;
  let isSent = false;
  const corkedExec = function (this: Pipeline, ...given: unknown[]): unknown {
    if (isSent && client.isCluster) return sendAgain(this, given);
    const queue = this._queue ?? [];
    assertEncodable(queue);
    let snapshot: ReturnType<typeof keepPipeline> | null = null;
    const size = { commands: queue.length + addedByExec, args: queue.map((command) => command.args) };
    const mayWait = queue.some(({ name = "" }) => mayBlock(name.toLowerCase()));
    const sendWatched = (args: unknown[]): unknown =>
      mayWait || inlineBlocking.isBlocked
        ? inlineBlocking.around(() => send(args), connection.inTransaction)
        : send(args);
    const send = (args: unknown[]): unknown => {
      isSent = true;
      cork.begin();
      cork.count(size.commands);
      const execute = (): unknown => exec.apply(this, args);
      const make = snapshot === null ? execute : snapshot.bind(null, execute);
      const replies = watchers.watchesCommands ? watchers.around(pending, make) : make();
      reads?.calledAnything();
      cork.wrote();
      return replies;
    };
    const sendLimited = (args: unknown[], caller: Caller | null): unknown =>
      limit === null || connection.inTransaction
        ? sendWatched(args)
        : limit.run({ ...size, ...keepable(args, caller, sendWatched) });
    const sendBehind = (args: unknown[], caller: Caller | null): unknown =>
      kept.line.isBusy
        ? behindChanges(kept, keepable(args, caller, sendLimited), changesState())
        : sendLimited(args, caller);
    const keep = (): unknown[] => {
      snapshot ??= keepPipeline(this);
      return [];
    };
    const keepable = (args: unknown[], caller: Caller | null, by: Send): KeepableCall => ({
      callback: args[0],
      caller,
      make: () => by(args, caller),
      keep: () => {
        const own = keep();
        return () => by(own, caller);
      },
    });
    const changesState = (): boolean =>
      changesConnectionTogether([
        ...queue.map(({ name = "" }) => name.toLowerCase()),
        ...(addedByExec > 0 ? ["exec"] : []),
      ]);
    const described = { ...size, method, queue, callback: given[0], changesState };
    return passThrough(gate, described, sendBehind, keep, given);
  };
  // A pipeline calls its own exec() again once a Cluster knows its slots, and to follow a redirect: that is the same call still.
  const sendAgain = (own: Pipeline, args: unknown[]): unknown => {
    cork.begin();
    const replies = exec.apply(own, args);
    reads?.calledAnything();
    cork.wrote();
    return replies;
  };
  Object.defineProperty(pipeline, "exec", {
    value: corkedExec,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

const keepNothing = (): unknown[] => [];

/** Makes a call of several commands through the scope, if there is one. */
function passThrough(
  gate: CallGate | null,
  call: Pick<GatedCall, "method" | "commands" | "args" | "queue" | "callback" | "changesState">,
  send: Send,
  keep: () => unknown[],
  given: unknown[] = [],
): unknown {
  if (gate === null) return send(given, null);
  const isCallback = typeof call.callback === "function";
  return gate.run({
    ...call,
    effect: ANYTHING,
    callback: isCallback ? call.callback : undefined,
    send: (caller) => send(given, caller),
    sendWithoutCallback: (caller) => send(isCallback ? [] : given, caller),
    keep: () => {
      const own = keep();
      return (caller) => send(own, caller);
    },
    errorsIn: errorsInReplies,
  });
}

/** The errors among a pipeline's replies, `[error, reply]` each. A discarded transaction's reply is null. */
function errorsInReplies(replies: unknown): Error[] {
  if (!Array.isArray(replies)) return [];
  return replies.flatMap((reply) => (Array.isArray(reply) && reply[0] instanceof Error ? [reply[0]] : []));
}

function isPipeline(value: unknown): value is Pipeline {
  return typeof value === "object" && value !== null && "isPipeline" in value && value.isPipeline === true;
}
