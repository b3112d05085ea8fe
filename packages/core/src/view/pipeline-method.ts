import type { Caller } from "../call/caller.ts";
import type { QueuedCommand } from "../client.ts";
import { mayBlock } from "../commands/blocking.ts";
import { ANYTHING } from "../commands/effects.ts";
import type { CallGate, GatedCall } from "../commands/gated-call.ts";
import { isWithoutPipeline } from "../commands/method-names.ts";
import type { WatchedCommand } from "../commands/watched-command.ts";
import { nativeCommandOf } from "../observe/native-command.ts";
import { GATE, type Method, type View, type ViewContext } from "./context.ts";
import { assertEncodable } from "./unencodable.ts";

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
  const call = (args: unknown[]): unknown => (internals[name] as Method).apply(client, args);
  const commandOf = (made: unknown): WatchedCommand | null => nativeCommandOf(context.pending, made);
  return function (...args) {
    const gate = this[GATE] ?? ambient.current();
    if (name === "multi" && isWithoutPipeline(args)) {
      const send = (): unknown => beginTransaction(context, () => call(args));
      // As any command of its scope: see commandMethod.
      if (gate !== null && gate.runPlain !== null) return gate.runPlain({ ...SINGLE, send, commandOf }, args);
      return passThrough(gate, { method: name, commands: 1, args: [], callback: undefined }, send);
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
  { client, pending, cork, connection, inlineBlocking, limit, reads, watchers }: ViewContext,
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
      const make = (): unknown => exec.apply(this, args);
      const replies = watchers.watchesCommands ? watchers.around(pending, make) : make();
      reads?.calledAnything();
      cork.wrote();
      return replies;
    };
    const sendLimited = (args: unknown[], caller: Caller | null): unknown =>
      limit === null || connection.inTransaction
        ? sendWatched(args)
        : limit.run({ ...size, callback: args[0], caller, make: () => sendWatched(args) });
    return passThrough(gate, { ...size, method, queue, callback: given[0] }, sendLimited, given);
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

/** Makes a call of several commands through the scope, if there is one. */
function passThrough(
  gate: CallGate | null,
  call: Pick<GatedCall, "method" | "commands" | "args" | "queue" | "callback">,
  send: (args: unknown[], caller: Caller | null) => unknown,
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
