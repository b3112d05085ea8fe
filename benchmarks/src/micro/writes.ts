import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { countSocketWrites } from "@tickpipe/test-support";
import type { Subject } from "./subjects.ts";
import { ticksOf, type Workload } from "./workloads.ts";

/** The sockets that this process opens from now on. */
export function watchSockets(): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  subscribe("net.client.socket", (message) => {
    const { socket } = message as { readonly socket: Socket };
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

/** Counts the writes of some ticks, where they leave Node; `null` for a client that does not write with Node's sockets. */
export async function countWrites(
  subject: Subject,
  workload: Workload,
  sockets: ReadonlySet<Socket>,
): Promise<number | null> {
  const counters = [...sockets].filter(({ writable }) => writable).map((socket) => countSocketWrites(socket));
  if (counters.length === 0) return null;
  const ticks = ticksOf(workload);
  for (const tick of ticks) await subject.make(tick);
  return counters.reduce((sum, counter) => sum + counter.take(), 0) / ticks.length;
}
