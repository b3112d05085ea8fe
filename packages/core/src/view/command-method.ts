import type { Caller } from "../call/caller.ts";
import { mayBlock } from "../commands/blocking.ts";
import { ANYTHING, type Effect, effectOf } from "../commands/effects.ts";
import type { PlainCalls } from "../commands/gated-call.ts";
import { commandOfMethod, isGenericMethod } from "../commands/method-names.ts";
import type { WatchedCommand } from "../commands/watched-command.ts";
import { NOT_ROUTED } from "../lanes/blocking-lane.ts";
import { NOT_PLAIN } from "../lean/lean-sender.ts";
import { nativeCommandOf } from "../observe/native-command.ts";
import { GATE, type Method, type View, type ViewContext } from "./context.ts";
import { splitSend } from "./split-send.ts";
import { dropUnencodableTail } from "./unencodable.ts";

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
  const { ambient, connection, limit } = context;
  const splitter = isGenericMethod(name) ? null : context.splitterOf(commandOfMethod(name));
  const sendWhole = sendOf(context, clientMethod);
  const sendSplit = splitter === null ? null : splitSend(splitter, commandOfMethod(name), sendWhole);
  const send: Send =
    sendSplit === null ? sendWhole : (args, caller) => (connection.inTransaction ? sendWhole : sendSplit)(args, caller);
  const commandsIn = (args: readonly unknown[]): number => splitter?.split(withoutCallback(args))?.length ?? 1;
  const effect = effectOfMethod(name);
  const mayBeRefused = name !== "quit";
  const sendLimited: Send = (args, caller) => {
    // A transaction without one of its commands would be another transaction.
    if (limit === null || !mayBeRefused || connection.inTransaction) return send(args, caller);
    return limit.run({
      commands: commandsIn(args),
      args,
      callback: args.at(-1),
      caller,
      make: () => send(args, caller),
    });
  };
  const plain: PlainCalls = { send: sendLimited, commandsIn, commandOf: commandFinder(context) };
  return function (...args) {
    const gate = this[GATE] ?? ambient.current();
    if (gate === null) return limit === null ? send(args, null) : sendLimited(args, null);
    const last = args.at(-1);
    const callback = typeof last === "function" ? last : undefined;
    if (gate.runPlain !== null && callback === undefined) return gate.runPlain(plain, args);
    return gate.run({
      method: name,
      commands: commandsIn(args),
      effect: connection.inTransaction ? ANYTHING : effect,
      args,
      callback,
      send: (caller) => sendLimited(args, caller),
      sendWithoutCallback: (caller) => {
        // The same list, by which the call is known elsewhere.
        if (callback) args.pop();
        return sendLimited(args, caller);
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

function withoutCallback(args: readonly unknown[]): readonly unknown[] {
  return typeof args.at(-1) === "function" ? args.slice(0, -1) : args;
}

function effectOfMethod(name: string): Effect {
  return isGenericMethod(name) ? ANYTHING : effectOf(commandOfMethod(name));
}

/** How a call leaves, in the caller's stack: elsewhere, with another's reply, lean, or by the client's own method. */
function sendOf(context: ViewContext, { name, original, find, mayBeLean }: ClientMethod): Send {
  const { client, cork, connection, lane, inlineBlocking, lean, reads, offlineQueues, pending, watchers } = context;
  const route = lane?.routeFor(name, original) ?? null;
  const note = connection.noteFor(name);
  const sendLean = mayBeLean ? (lean?.senderOf(name) ?? null) : null;
  const command = commandOfMethod(name);
  const effect = effectOfMethod(name);
  // Only a lean command can share its reply.
  const shared = sendLean === null ? null : (reads?.readsOf(command) ?? null);
  const send: Send = (args, caller) => {
    if (route !== null) {
      const routed = route(args, caller);
      if (routed !== NOT_ROUTED) return routed;
    }
    cork.begin();
    // A double on the client is to see every call.
    const mayShare = shared !== null && cork.isHolding && !connection.inTransaction && find() === original;
    if (mayShare) {
      const reply = shared.find(args);
      if (reply !== null) {
        watchers.deduplicated(command);
        return reply;
      }
    } else if (reads !== null) {
      reads.called(effect, args);
    }
    cork.count(1);
    const sent = sendLean === null ? NOT_PLAIN : sendLean(args);
    if (sent !== NOT_PLAIN) {
      if (mayShare && cork.holdsLastCall && lean?.lastSent) shared.keep(lean.lastSent);
      cork.wrote();
      return sent;
    }
    const result = (find() as Method).apply(client, args);
    if (!cork.holdsLastCall) dropUnencodableTail(offlineQueues());
    if (note !== null) note(args);
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
