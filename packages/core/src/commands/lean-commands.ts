/**
 * The commands that always take ioredis's own path, each with the reason. Every other command of the client's may be
 * sent lean, if the call is plain.
 */
const REASONS: Readonly<Record<string, readonly string[]>> = {
  "changes what the connection may be used for": [
    ...["subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe"],
    ...["monitor", "sync", "psync", "reset", "quit", "shutdown", "client"],
  ],
  "belongs to the handshake, and may carry a password": ["auth", "hello", "select", "readonly", "readwrite", "asking"],
  "stands around others": ["multi", "exec", "discard", "watch", "unwatch"],
  "may block, so that ioredis gives it a timer of its own": [
    ...["blpop", "brpop", "brpoplpush", "blmove", "blmovem", "blmpop", "bzpopmin", "bzpopmax", "bzmpop"],
    ...["xread", "xreadgroup", "wait", "waitaof"],
  ],
  "is coordinated by ioredis over several commands": ["himport", "script", "function"],
};

const NOT_LEAN: ReadonlySet<string> = new Set(Object.values(REASONS).flat());

const CHANGING: ReadonlySet<string> = new Set(
  [
    "changes what the connection may be used for",
    "belongs to the handshake, and may carry a password",
    "stands around others",
  ].flatMap((reason) => REASONS[reason] ?? []),
);

/** Whether a command, in lower case, may change the state of its connection, so that what is called after it means something else. */
export function changesConnection(command: string): boolean {
  return CHANGING.has(command);
}

/** Whether a pipeline's commands may change it, together: a transaction that it ends itself does not. */
export function changesConnectionTogether(commands: readonly string[]): boolean {
  let open = 0;
  for (const command of commands) {
    if (command === "multi") open += 1;
    else if (command === "exec" || command === "discard") open -= 1;
    else if (CHANGING.has(command)) return true;
  }
  return open !== 0;
}

/** Whether a command may be sent lean at all. */
export function mayBeLean(command: string): boolean {
  return !NOT_LEAN.has(command);
}
