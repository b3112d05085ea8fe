import type { PendingCommand } from "../client.ts";

/** Is told, once, that a command has settled; with the error if it was rejected. */
type Settled = (error?: unknown) => void;

/** Whoever waits for a command to settle, in the order in which they came. */
interface Waiting {
  readonly settled: Settled;
  /** Whether a rejection is the end of the command; asked once it was made. */
  readonly isDone: (error: unknown) => boolean;
}

/** Who waits for one command, and the functions that tell them. */
interface Listened {
  waiting: Waiting[];
  /** ioredis's own. */
  readonly rejectUnheard: PendingCommand["reject"];
  resolve: PendingCommand["resolve"];
  reject: PendingCommand["reject"];
}

const listened = new WeakMap<PendingCommand, Listened>();

/**
 * Calls `settled` once, as soon as ioredis has next resolved or rejected the command; with the error if it rejected it.
 *
 * Its `resolve` and `reject` are replaced, as a Cluster's redirects and tracing agents do. A handler on its promise would
 * make an unhandled rejection of the caller's a handled one.
 */
export function whenSettled(command: PendingCommand, settled: Settled): void {
  listen(command, { settled, isDone: always });
}

const always = (): boolean => true;

/** What a Cluster follows, or waits for, by sending the command again. */
const FOLLOWED = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|LOADING) |^Connection is closed\.$/;

/**
 * The same, of a command that a Cluster may send again: then it has not settled.
 *
 * Of ioredis 5, which does not tell whether a command is rejected, one that has run out of redirects is not told of, unless it is a lean one.
 */
export function whenSettledOnCluster(command: PendingCommand, settled: Settled): void {
  const isDone = (error: unknown): boolean =>
    command.isSettled === true || !(error instanceof Error) || !FOLLOWED.test(error.message);
  listen(command, { settled, isDone });
}

/** One list for all who wait: a wrapper of `resolve` around another's, for each, would overflow the stack when thousands wait. */
function listen(command: PendingCommand, waiting: Waiting): void {
  const known = listened.get(command);
  if (known === undefined) {
    const { resolve, reject } = command;
    listened.set(command, wrapped(command, { waiting: [waiting], rejectUnheard: reject, resolve, reject }));
    return;
  }
  known.waiting.push(waiting);
  // A pipeline on a Cluster makes both anew to send its commands again; others wrap them. Either way the list is told once.
  if (command.resolve !== known.resolve || command.reject !== known.reject) wrapped(command, known);
}

function wrapped(command: PendingCommand, listeners: Listened): Listened {
  const { resolve, reject } = command;
  command.resolve = listeners.resolve = (reply) => {
    const resolved = resolve.call(command, reply);
    tell(listeners, null);
    return resolved;
  };
  command.reject = listeners.reject = (error) => {
    const rejected = reject.call(command, error);
    tell(listeners, { error });
    return rejected;
  };
  return listeners;
}

function tell(listeners: Listened, rejection: { readonly error: unknown } | null): void {
  const { waiting } = listeners;
  if (waiting.length === 0) return;
  const isOver = ({ isDone }: Waiting): boolean => rejection === null || isDone(rejection.error);
  const over: Waiting[] = [];
  listeners.waiting = [];
  for (const each of waiting) (isOver(each) ? over : listeners.waiting).push(each);
  for (const { settled } of over) {
    if (rejection === null) settled();
    else settled(rejection.error);
  }
}

/** The command's `reject` as it is without those who wait for it to settle: it stays on its way, so that they have to wait on. */
export function rejectUnheard(command: PendingCommand): PendingCommand["reject"] {
  return listened.get(command)?.rejectUnheard ?? command.reject;
}
