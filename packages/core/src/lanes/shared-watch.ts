let warned = false;

/** Warns, once in a process, that a WATCH on a connection that requests share guards none of them. */
export function warnOfSharedWatch(): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    "WATCH was called on a connection that is shared: the next EXEC of any caller ends it. Use redis.tickpipe.transaction(), which has a connection of its own.",
    { type: "TickpipeWarning", code: "TICKPIPE_SHARED_WATCH" },
  );
}
