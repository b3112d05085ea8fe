import { hasFlag } from "@ioredis/commands";

/** Asks for the next part of what the call before began: one after another by its nature. */
const CURSORS = new Set(["scan", "hscan", "sscan", "zscan"]);
/** Changes what the connection is, or holds several commands whose parts are not known. */
const STATEFUL = new Set([
  ...["auth", "client", "discard", "exec", "hello", "multi", "pipeline", "quit", "reset", "select", "subscribe"],
  ...["psubscribe", "ssubscribe", "transaction", "unsubscribe", "unwatch", "wait", "waitaof", "watch"],
]);
/** Reads whose arguments are keys and nothing else, so that the same keys are the same question. */
const READS_OF_KEYS_ALONE = new Set([
  ...["exists", "get", "hgetall", "hkeys", "hlen", "hvals", "llen", "mget", "pfcount", "scard", "sdiff", "sinter"],
  ...["smembers", "strlen", "sunion", "type", "xlen", "zcard"],
]);

const flag = (command: string, name: string): boolean => {
  try {
    return hasFlag(command, name);
  } catch {
    // A command that a module, or the user, has added.
    return false;
  }
};

export const isRead = (command: string): boolean => flag(command, "readonly");
const isCursor = (command: string): boolean => CURSORS.has(command);
export const isReadOfKeysAlone = (command: string): boolean => READS_OF_KEYS_ALONE.has(command);

/** Whether a call may wait on the server for others to do something. */
export const mayBlock = (command: string): boolean => flag(command, "blocking");

/** Whether a call could be made earlier or later without being another call, as far as its command tells. */
export const isMovable = (command: string): boolean =>
  !isCursor(command) && !STATEFUL.has(command) && !mayBlock(command) && !/^(eval|fcall)/.test(command);
