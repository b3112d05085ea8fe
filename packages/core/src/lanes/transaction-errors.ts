import { TickpipeError } from "../errors.ts";

/** The error of ioredis for a call on a client that has ended. */
export function connectionClosed(): Error {
  return new Error("Connection is closed.");
}

/** The error for a transaction that is begun within the function of another. */
export function nested(): TickpipeError {
  return misuse(
    "A transaction was begun within another's function. Each would keep a connection, until all wait for one. Watch the keys of both in one transaction.",
  );
}

/** The error for a call on `tx` after its transaction. */
export function isOver(): TickpipeError {
  return misuse("This transaction is over, and its tx with it. Await what the function calls before it returns.");
}

/** The error for a call that would begin, end or unguard the transaction. @param called what was called */
export function notForItsFunction(called: string): TickpipeError {
  return misuse(
    `${called} is not for a transaction's function to call. Return tx.multi() without exec(), or null for nothing to do; transaction() does the rest.`,
  );
}

/** The error for what would outlive the transaction. @param property the part of `tx` that was asked for */
export function outlives(property: PropertyKey): TickpipeError {
  return misuse(
    `A transaction's tx has no ${String(property)}: it would reach the connection when later transactions have it. Use that of the shared client.`,
  );
}

/** The error for what only a Cluster has. */
export function ofOneNode(property: PropertyKey): TickpipeError {
  return misuse(
    `A transaction's tx has no ${String(property)}: it is a client of the one node that has the watched keys. Use the shared client for it.`,
  );
}

/** The error for a transaction in each of whose tries a watched key was changed. */
export function conflict(tries: number): TickpipeError {
  return new TickpipeError(
    "ERR_TICKPIPE_CONFLICT",
    `Nothing was executed: in each of ${triesIn(tries)} a watched key was changed by others before EXEC. Try again later, raise retries, or watch fewer keys.`,
  );
}

/** The error for a transaction that no node has taken. */
export function slotMoving(tries: number, cause: unknown): TickpipeError {
  return new TickpipeError(
    "ERR_TICKPIPE_SLOT_MOVING",
    `Nothing was executed: in each of ${triesIn(tries)} the node that should have the watched keys did not, as while their slot moves from one to another. Try again later, or raise retries.`,
    { cause },
  );
}

/** The error for a function that has taken longer than `timeoutMs`. */
export function tookTooLong(timeoutMs: number): TickpipeError {
  return new TickpipeError(
    "ERR_TICKPIPE_TRANSACTION_TIMEOUT",
    `Nothing was executed: the function of transaction() has not returned its multi() within its timeoutMs of ${timeoutMs} ms. Do less in it, or raise timeoutMs.`,
  );
}

function triesIn(tries: number): string {
  return `${tries} ${tries === 1 ? "try" : "tries"}`;
}

function misuse(message: string): TickpipeError {
  return new TickpipeError("ERR_TICKPIPE_TRANSACTION_MISUSE", message);
}
