import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/**
 * The next message of a forked child.
 *
 * @throws {Error} if the child ends before it sends one
 */
export async function nextMessage(child: ChildProcess, name: string): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${name} has ended.`);
  const settled = new AbortController();
  const { signal } = settled;
  const exited = once(child, "exit", { signal }).then(() => {
    throw new Error(`${name} ended before it answered.`);
  });
  try {
    const [message] = (await Promise.race([once(child, "message", { signal }), exited])) as [unknown];
    return message;
  } finally {
    // Takes both listeners off again; whichever lost the race is rejected by that, which is no news.
    exited.catch(() => {});
    settled.abort();
  }
}

/** Ends a forked child that exits when it is disconnected, and waits until it has. */
export async function disconnect(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  if (child.connected) child.disconnect();
  await exited;
}
