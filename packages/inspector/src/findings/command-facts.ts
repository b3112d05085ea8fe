import { movabilityOf } from "@tickpipe/core/diagnose";

/** Reads whose arguments are keys and nothing else, so that the same keys are the same question. */
const READS_OF_KEYS_ALONE = new Set([
  ...["exists", "get", "hgetall", "hkeys", "hlen", "hvals", "llen", "mget", "pfcount", "scard", "sdiff", "sinter"],
  ...["smembers", "strlen", "sunion", "type", "xlen", "zcard"],
]);

export const isReadOfKeysAlone = (command: string): boolean => READS_OF_KEYS_ALONE.has(command);

export const isRead = (command: string): boolean => movabilityOf(command) === "read";

/** Whether a call could be made earlier or later without being another call, as far as its command tells. */
export const isMovable = (command: string): boolean => movabilityOf(command) !== "never";
