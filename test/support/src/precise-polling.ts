const polled = new Set<() => boolean>();
let polling = false;

/**
 * Calls `step` in every turn of the event loop until it returns `false`.
 *
 * Node's timers count whole milliseconds and may be a second one late. This is late by microseconds, and takes a core
 * while there is anything to wait for: a matter for a process of its own.
 */
export function poll(step: () => boolean): void {
  polled.add(step);
  if (polling) return;
  polling = true;
  setImmediate(turn);
}

function turn(): void {
  for (const step of polled) if (!step()) polled.delete(step);
  polling = polled.size > 0;
  if (polling) setImmediate(turn);
}

/** Milliseconds of the machine's monotonic clock, which all its processes share; `performance.now()` is each one's own. */
export function machineMillis(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
