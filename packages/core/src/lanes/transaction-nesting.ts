import { AsyncLocalStorage } from "node:async_hooks";

/** A transaction whose function is running, for those that are begun within it. */
interface Running {
  /** All transactions of its client. */
  readonly on: object;
  readonly outer: Running | undefined;
  isOver: boolean;
}

const running = new AsyncLocalStorage<Running>();

/** Whether this code runs within the function of a transaction of the same client. */
export function isWithin(on: object): boolean {
  for (let outer = running.getStore(); outer; outer = outer.outer) if (outer.on === on && !outer.isOver) return true;
  return false;
}

/** Calls the function of a transaction, so that one that is begun within it is known. */
export async function within(on: object, call: () => unknown): Promise<unknown> {
  const run: Running = { on, outer: running.getStore(), isOver: false };
  try {
    return await running.run(run, call);
  } finally {
    run.isOver = true;
  }
}
