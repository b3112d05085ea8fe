import type { Caller } from "../call/caller.ts";
import { behindChanges, type KeepableCall } from "../call/kept-call.ts";
import { callbackOf, withoutCallback } from "../callback.ts";
import { mayBlock } from "../commands/blocking.ts";
import type { PlainCalls } from "../commands/gated-call.ts";
import { commandOfMethod, isGenericMethod, isScript } from "../commands/method-names.ts";
import { type Effect, UNKNOWN } from "../commands/table.ts";
import type { WatchedCommand } from "../commands/watched-command.ts";
import { NOT_ROUTED } from "../lanes/blocking-lane.ts";
import { NOT_PLAIN, type SendLean } from "../lean/lean-sender.ts";
import { nativeCommandOf } from "../observe/native-command.ts";
import type { MethodReads } from "../reads/tick-reads.ts";
import { GATE, type Method, type View, type ViewContext } from "./context.ts";
import { quitSend } from "./quit-send.ts";
import { splitSend } from "./split-send.ts";
import { dropUnencodableTail, isUnwritable } from "./unencodable.ts";
import { blockingCallsOf, effectOfMethod, isObject, stateChangeOf } from "./what-is-sent.ts";

type Send = (args: unknown[], caller: Caller | null) => unknown;

/** A method of the client that sends a command. */
export interface ClientMethod {
  readonly name: string;
  /** The client's own, in whose place a double or an APM agent's may stand. */
  readonly original: unknown;
  /** As it is now. */
  find(): unknown;
  /** Whether plain calls may be sent lean: not for what the user has added to the client. */
  readonly mayBeLean: boolean;
}

/** A view's method for one command of the client. */
export function commandMethod(context: ViewContext, clientMethod: ClientMethod): Method<View> {
  const { name } = clientMethod;
  const { internals, ambient, connection, callerStacks, kept, lane, limit } = context;
  const { line } = kept;
  const keepArguments = (args: readonly unknown[], given: readonly unknown[] = withoutCallback(args)): unknown[] => {
    const own = context.keepArguments(name, given);
    if (callerStacks.isAsked) callerStacks.kept(args, own);
    context.reads?.kept(args, own);
    return own;
  };
  // A script takes no keys by its name, not even by that of a command.
  const isCommand = (): boolean => !isScript(internals, name);
  const splitter = isGenericMethod(name) ? null : context.splitterOf(commandOfMethod(name));
  const sendLean = clientMethod.mayBeLean ? (context.lean?.senderOf(name) ?? null) : null;
  // Only a lean command can share its reply.
  const shared = sendLean === null ? null : (context.reads?.readsOf(commandOfMethod(name)) ?? null);
  const sendWhole = quitSend(name, context.quitting, sendOf(context, clientMethod, sendLean, shared));
  const sendSplit = splitter === null ? null : splitSend(splitter, commandOfMethod(name), sendWhole);
  const send: Send =
    sendSplit === null
      ? sendWhole
      : (args, caller) => (connection.inTransaction || !isCommand() ? sendWhole : sendSplit)(args, caller);
  const commandsIn = (args: readonly unknown[]): number =>
    splitter !== null && isCommand() ? (splitter.split(withoutCallback(args))?.length ?? 1) : 1;
  const effect = effectOfMethod(name);
  const effectNow = (): Effect => (connection.inTransaction || line.isHeld || !isCommand() ? UNKNOWN : effect);
  const mayBeRefused = name !== "quit";
  const changesState = stateChangeOf(name);
  const waitsOnServer = lane === null ? null : blockingCallsOf(name);
  const keepable = (args: unknown[], caller: Caller | null, by: Send): KeepableCall => ({
    callback: callbackOf(args),
    caller,
    make: () => by(args, caller),
    isUnwritable: () => isUnwritable(args),
    keep: () => {
      const own = keepArguments(args);
      return () => by(own, caller);
    },
  });
  const sendLimited: Send = (args, caller) => {
    // A transaction without one of its commands would be another transaction.
    if (limit === null || !mayBeRefused || connection.inTransaction) return send(args, caller);
    const isIsolated = waitsOnServer?.(args) ?? false;
    // What shares a reply sends nothing. While others wait for room, it would pass them.
    const reply = shared !== null && limit.waiting === 0 ? findShared(context, clientMethod, shared, args) : null;
    if (reply !== null) return reply;
    // Its text is what counts, and is taken once.
    const own = limit.countsBytes && args.some(isObject) ? keepArguments(args, args) : args;
    const commands = isIsolated ? 0 : commandsIn(own);
    return limit.run({ ...keepable(own, caller, send), commands, args: own });
  };
  const sendBehind: Send = (args, caller) =>
    line.isBusy
      ? behindChanges(kept, keepable(args, caller, sendLimited), isCommand() && changesState(args))
      : sendLimited(args, caller);
  const mayWait = isGenericMethod(name) || mayBlock(commandOfMethod(name));
  const commandOf = commandFinder(context);
  const plain: PlainCalls = { send: sendBehind, mayBlock: mayWait, commandsIn, commandOf };
  return function (...args) {
    const gate = this[GATE] ?? ambient.current();
    if (callerStacks.isAsked) callerStacks.take(args);
    if (gate === null) return limit === null && !line.isBusy ? send(args, null) : sendBehind(args, null);
    // Its MULTI has been sent: without its EXEC all that is called after it would be queued by Redis, whoever calls it.
    if (connection.inTransaction && gate.refuses) return send(args, null);
    const callback = callbackOf(args);
    if (gate.runPlain !== null && callback === undefined) return gate.runPlain(plain, args);
    return gate.run({
      method: name,
      commands: commandsIn(args),
      effect: effectNow(),
      args,
      callback,
      mayBlock: mayWait,
      isUnwritable: () => isUnwritable(args),
      changesState: () => isCommand() && changesState(args),
      keep: () => {
        const own = keepArguments(args);
        return (caller) => sendBehind(own, caller);
      },
      send: (caller) => sendBehind(args, caller),
      sendWithoutCallback: (caller) => {
        // The same list, by which the call is known elsewhere.
        if (callback) args.pop();
        return sendBehind(args, caller);
      },
    });
  };
}

/**
 * Finds the command behind the promise that a call has just returned. All kinds are found, or none: a call with a promise derived from its
 * command's would settle after a later one without.
 */
function commandFinder({ lean, reads, pending }: ViewContext): (made: unknown) => WatchedCommand | null {
  return (made) => {
    const sent = lean?.lastSent ?? null;
    if (sent !== null && sent.promise === made) return sent;
    const shared = reads?.lastShared ?? null;
    return shared !== null && shared.promise === made ? shared : nativeCommandOf(pending, made);
  };
}

/** The reply of the same read of the tick, if a call may share it; `null` if the call is to be sent. */
function findShared(
  { cork, connection, watchers }: ViewContext,
  { name, original, find }: ClientMethod,
  shared: MethodReads,
  args: readonly unknown[],
): Promise<unknown> | null {
  if (!cork.isHolding || connection.inTransaction || find() !== original) return null;
  // It looks for what was written past the view.
  cork.begin();
  const reply = cork.isHolding ? shared.find(args) : null;
  if (reply !== null) watchers.deduplicated(commandOfMethod(name));
  return reply;
}

/** How a call leaves, in the caller's stack: elsewhere, with another's reply, lean, or by the client's own method. */
function sendOf(
  context: ViewContext,
  { name, original, find }: ClientMethod,
  sendLean: SendLean | null,
  shared: MethodReads | null,
): Send {
  const { client, internals, cork, connection, callerStacks, lane, inlineBlocking, lean, reads } = context;
  const { offlineCalls, offlineQueues, pending, watchers } = context;
  // Of a script, whatever its name, nothing is known. One that is defined later takes the place of `original`.
  const isScriptNow = isScript(internals, name);
  const route = isScriptNow ? null : (lane?.routeFor(name, original) ?? null);
  const note = connection.noteFor(name);
  const command = commandOfMethod(name);
  const effect = isScriptNow ? UNKNOWN : effectOfMethod(name);
  const send: Send = (args, caller) => {
    if (route !== null) {
      const routed = route(args, caller);
      if (routed !== NOT_ROUTED) return routed;
    }
    if (caller === null) return sendHere(args);
    if (waitsOnServer?.(args)) caller.blocksInline();
    return offlineCalls.around(caller, () => sendHere(args));
  };
  const waitsOnServer = isScriptNow ? null : blockingCallsOf(name);
  const sendHere = (args: unknown[]): unknown => {
    cork.begin();
    // A double on the client is to see every call.
    const isOriginal = find() === original;
    const mayShare = shared !== null && isOriginal && cork.isHolding && !connection.inTransaction;
    if (mayShare) {
      const reply = shared.find(args);
      if (reply !== null) {
        watchers.deduplicated(command);
        return reply;
      }
    } else if (reads !== null) {
      reads.called(isOriginal ? effect : UNKNOWN, args);
    }
    cork.count(1);
    const sent = sendLean === null ? NOT_PLAIN : sendLean(args);
    if (sent !== NOT_PLAIN) {
      if (mayShare && cork.holdsLastCall && lean?.lastSent) shared.keep(lean.lastSent);
      cork.wrote();
      return sent;
    }
    const result = callerStacks.isAsked
      ? callerStacks.call(name, find(), args)
      : (find() as Method).apply(client, args);
    if (!cork.holdsLastCall) dropUnencodableTail(offlineQueues());
    if (note !== null && !isScript(internals, name)) note(args);
    cork.wrote();
    return result;
  };
  const sendWatched: Send = (args, caller) =>
    watchers.watchesCommands ? watchers.around(pending, () => send(args, caller)) : send(args, caller);
  const mayWait = isGenericMethod(name) || mayBlock(command);
  return (args, caller) =>
    mayWait || inlineBlocking.isBlocked
      ? inlineBlocking.around(() => sendWatched(args, caller), connection.inTransaction)
      : sendWatched(args, caller);
}
