import type { ClientInternals, CommandQueue, PendingCommand } from "../client.ts";

/*
 * What a client of ioredis holds: `commandQueue` is sent and unanswered, `offlineQueue` waits for a connection, and
 * `prevCommandQueue` is what a lost connection left unanswered, to be sent again. Its own queues are the one account of
 * what is pending that stays true through reconnects, timeouts and calls on the raw client.
 */

/** The queues of the moment, each once: after a close, two names stand for the same one until the next connect. */
function queuesOf({ commandQueue, offlineQueue, prevCommandQueue }: ClientInternals): (CommandQueue | undefined)[] {
  return [commandQueue, offlineQueue, prevCommandQueue === commandQueue ? undefined : (prevCommandQueue ?? undefined)];
}

/** How many commands are pending. */
export function pendingCommands(internals: ClientInternals): number {
  const { commandQueue, offlineQueue, prevCommandQueue } = internals;
  const resent = prevCommandQueue && prevCommandQueue !== commandQueue ? prevCommandQueue.length : 0;
  return (commandQueue?.length ?? 0) + (offlineQueue?.length ?? 0) + resent;
}

/** How many bytes the arguments of all pending commands hold. Walks the queues. */
export function pendingBytes(internals: ClientInternals): number {
  let bytes = 0;
  for (const queue of queuesOf(internals)) {
    for (let i = 0; i < (queue?.length ?? 0); i++) {
      const command = queue?.peekAt(i)?.command;
      if (command) bytes += bytesOf(command.args);
    }
  }
  return bytes;
}

/** The bytes of arguments, nested ones included: a string counts one per UTF-16 unit, a number or anything else nothing. */
export function bytesOf(args: readonly unknown[]): number {
  let bytes = 0;
  for (const argument of args) {
    if (typeof argument === "string" || argument instanceof Uint8Array) bytes += argument.length;
    else if (Array.isArray(argument)) bytes += bytesOf(argument);
  }
  return bytes;
}

/** Where the queues of clients end at a moment. */
export type QueueTails = readonly (readonly [client: ClientInternals, sent: number, offline: number])[];

/** Where the queues end now, to be handed to `calledSince`. */
export function queueTails(clients: readonly ClientInternals[]): QueueTails {
  return clients.map((client) => [client, client.commandQueue?.length ?? 0, client.offlineQueue?.length ?? 0]);
}

/**
 * The commands that were called since, each with the client in whose queue it is. To be asked in the same callback, in which no
 * reply is read.
 */
export function calledSince(tails: QueueTails): (readonly [command: PendingCommand, on: ClientInternals])[] {
  const called: (readonly [PendingCommand, ClientInternals])[] = [];
  for (const [client, sent, offline] of tails) {
    for (const [queue, tail] of [[client.commandQueue, sent] as const, [client.offlineQueue, offline] as const]) {
      for (let i = tail; i < (queue?.length ?? 0); i++) {
        const command = queue?.peekAt(i)?.command;
        if (command) called.push([command, client]);
      }
    }
  }
  return called;
}

/** The command that was called last among the pending ones. */
export function lastPending({ commandQueue, offlineQueue, prevCommandQueue }: ClientInternals): PendingCommand | null {
  for (const queue of [offlineQueue, commandQueue, prevCommandQueue]) {
    const last = queue?.peekBack();
    if (last) return last.command;
  }
  return null;
}

/** The pending command that will be answered first. */
export function firstPending({ commandQueue, offlineQueue, prevCommandQueue }: ClientInternals): PendingCommand | null {
  for (const queue of [prevCommandQueue, commandQueue, offlineQueue]) {
    const first = queue?.peekFront();
    if (first) return first.command;
  }
  return null;
}

/**
 * Calls `settled` once, as soon as ioredis has next resolved or rejected the command; with the error if it rejected it.
 *
 * Its `resolve` and `reject` are replaced, as a Cluster's redirects and tracing agents do. A handler on its promise would
 * make an unhandled rejection of the caller's a handled one.
 */
export function whenSettled(command: PendingCommand, settled: (error?: unknown) => void): void {
  whenDone(command, () => true, settled);
}

/** What a Cluster follows, or waits for, by sending the command again. */
const FOLLOWED = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|LOADING) |^Connection is closed\.$/;

/**
 * The same, of a command that a Cluster may send again: then it has not settled.
 *
 * Of ioredis 5, which does not tell whether a command is rejected, one that has run out of redirects is not told of, unless it is a lean one.
 */
export function whenSettledOnCluster(command: PendingCommand, settled: (error?: unknown) => void): void {
  const isDone = (error: unknown): boolean =>
    command.isSettled === true || !(error instanceof Error) || !FOLLOWED.test(error.message);
  whenDone(command, isDone, settled);
}

/** @param isDone whether a rejection is the end of the command; asked once it was made */
function whenDone(
  command: PendingCommand,
  isDone: (error: unknown) => boolean,
  settled: (error?: unknown) => void,
): void {
  const { resolve, reject } = command;
  let told = false;
  const tell = (error?: unknown): void => {
    if (told) return;
    told = true;
    settled(error);
  };
  // Told after the earlier ones, which this call of the earlier `resolve` tells: in the order in which they came.
  command.resolve = (reply) => {
    const resolved = resolve.call(command, reply);
    tell();
    return resolved;
  };
  command.reject = (error) => {
    const rejected = reject.call(command, error);
    if (isDone(error)) tell(error);
    return rejected;
  };
}
