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

/**
 * The bytes of arguments, those in arrays, Maps and objects included: a string counts one per UTF-16 unit, a number or anything else nothing.
 *
 * @param depth how deep it looks: ioredis takes nothing that is deeper apart
 */
export function bytesOf(args: Iterable<unknown>, depth = 4): number {
  let bytes = 0;
  for (const argument of args) {
    if (typeof argument === "string" || argument instanceof Uint8Array) bytes += argument.length;
    else if (typeof argument === "object" && argument !== null && depth > 0)
      bytes += bytesOf(partsOf(argument), depth - 1);
  }
  return bytes;
}

function partsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value)) return value;
  return value instanceof Map ? [...value].flat() : Object.entries(value).flat();
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
