import type { Caller } from "../call/caller.ts";
import { behindChanges, type KeepableCall } from "../call/kept-call.ts";
import type { ClientInternals, QueuedCommand } from "../client.ts";
import { mayBlock } from "../commands/blocking.ts";
import { changesConnectionTogether } from "../commands/connection-changes.ts";
import type { CallGate, GatedCall } from "../commands/gated-call.ts";
import { isWithoutPipeline } from "../commands/method-names.ts";
import { UNKNOWN } from "../commands/table.ts";
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
  /** How many of its MULTIs have no EXEC yet. */
  readonly _transactions?: number;
  exec: Method<Pipeline>;
  reject(error: unknown): void;
}

/**
 * A view's `pipeline` or `multi`: ioredis's own pipeline, made by the raw client and holding it, whose `exec` corks
 * first, so that it leaves in its place among the tick's other calls.
 */
export function pipelineMethod(context: ViewContext, name: "pipeline" | "multi"): Method<View> {
  const { client, internals, ambient, callerStacks } = context;
  const { line } = context.kept;
  const call = (args: unknown[]): unknown => (internals[name] as Method).apply(client, args);
  const commandOf = (made: unknown): WatchedCommand | null => nativeCommandOf(context.pending, made);
  return function (...args) {
    const own = this[GATE];
    if (name === "multi" && isWithoutPipeline(args)) {
      const send = (_args: unknown[], caller: Caller | null): unknown => {
        const begin = (): unknown => around(context, caller, () => beginTransaction(context, () => call(args)));
        const keepable = { callback: undefined, caller, make: begin, keep: () => begin };
        return line.isBusy ? behindChanges(context.kept, keepable, true) : begin();
      };
      const gate = own ?? ambient.current();
      // As any command of its scope: see commandMethod.
      if (gate !== null && gate.runPlain !== null) return gate.runPlain({ ...SINGLE, send, commandOf }, args);
      const described = { method: name, commands: 1, args: [], callback: undefined, changesState: () => true };
      return passThrough(gate, described, send, keepNothing);
    }
    const pipeline = call(args);
    // MULTI is in its queue from the start, EXEC comes with exec().
    if (isPipeline(pipeline) && callerStacks.isAsked) callerStacks.ofQueue(pipeline._queue ?? []);
    if (isPipeline(pipeline)) corkOnExec(context, pipeline, () => own ?? ambient.current(), name);
    return pipeline;
  };
}

/** The MULTI of a transaction of single calls. */
const SINGLE = { commandsIn: () => 1, mayBlock: false } as const;

/** Makes calls of a caller that may have gone before there is a connection. */
function around(context: ViewContext, caller: Caller | null, make: () => unknown): unknown {
  return caller === null ? make() : context.offlineCalls.around(caller, make);
}

function beginTransaction({ pending, cork, connection, reads, watchers }: ViewContext, call: () => unknown): unknown {
  cork.begin();
  cork.count(1);
  const begun = watchers.watchesCommands ? watchers.around(pending, call) : call();
  connection.called("multi");
  reads?.calledAnything();
  cork.wrote();
  return begun;
}

/** @param gateNow the scope of the view that made the pipeline, as it is when the pipeline is executed */
function corkOnExec(
  context: ViewContext,
  pipeline: Pipeline,
  gateNow: () => CallGate | null,
  method: "pipeline" | "multi",
): void {
  const { client, internals, pending, cork, connection, inlineBlocking, kept, limit, reads, watchers } = context;
  const { exec } = pipeline;
  const addedByExec = method === "multi" ? 1 : 0;
  let isSent = false;
  /** Whoever waits for it while a Cluster does not know its slots. */
  let heldFor: Caller | null = null;
  const corkedExec = function (this: Pipeline, ...given: unknown[]): unknown {
    if (isSent && client.isCluster) return sendAgain(this, given);
    // As in pipeline().multi().get("k").exec().exec(): the first one only adds EXEC to the queue.
    if (method === "pipeline" && (this._transactions ?? 0) > 0) return exec.apply(this, given);
    const queue = this._queue ?? [];
    assertEncodable(queue);
    let snapshot: ReturnType<typeof keepPipeline> | null = null;
    const size = { commands: queue.length + addedByExec, args: queue.map((command) => command.args) };
    const mayWait = queue.some(({ name = "" }) => mayBlock(name.toLowerCase()));
    const sendWatched: Send = (args, caller) =>
      mayWait || inlineBlocking.isBlocked
        ? inlineBlocking.around(() => send(args, caller), connection.inTransaction)
        : send(args, caller);
    const send: Send = (args, caller) => {
      isSent = true;
      heldFor = waitsForSlots(internals) ? caller : null;
      if (mayWait) caller?.blocksInline();
      cork.begin();
      cork.count(size.commands);
      const execute = (): unknown => around(context, caller, () => exec.apply(this, args));
      const make = snapshot === null ? execute : snapshot.bind(null, execute);
      const replies = watchers.watchesCommands ? watchers.around(pending, make) : make();
      connection.executed(queue, method === "multi");
      reads?.calledAnything();
      cork.wrote();
      return replies;
    };
    const sendLimited = (args: unknown[], caller: Caller | null): unknown =>
      limit === null || connection.inTransaction
        ? sendWatched(args, caller)
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
    const described = { ...size, method, queue, callback: given[0], mayBlock: mayWait, changesState };
    return passThrough(gateNow(), described, sendBehind, keep, given);
  };
  // A pipeline calls its own exec() again once a Cluster knows its slots, and to follow a redirect: that is the same call still.
  const sendAgain = (own: Pipeline, args: unknown[]): unknown => {
    const caller = heldFor;
    heldFor = null;
    // It has not been sent yet, and whoever called it has been told that it never is.
    if (caller?.hasGone) return own.reject(caller.error());
    cork.begin();
    const replies = around(context, caller, () => exec.apply(own, args));
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

/** Whether a pipeline of a Cluster is not sent yet: ioredis calls its `exec` again when it knows the slots. */
function waitsForSlots({ isCluster, slots }: ClientInternals): boolean {
  return isCluster === true && Array.isArray(slots) && slots.length === 0;
}

const keepNothing = (): unknown[] => [];

/** Makes a call of several commands through the scope, if there is one. */
function passThrough(
  gate: CallGate | null,
  call: Pick<GatedCall, "method" | "commands" | "args" | "queue" | "callback" | "mayBlock" | "changesState">,
  send: Send,
  keep: () => unknown[],
  given: unknown[] = [],
): unknown {
  if (gate === null) return send(given, null);
  const isCallback = typeof call.callback === "function";
  return gate.run({
    ...call,
    effect: UNKNOWN,
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
