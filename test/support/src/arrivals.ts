import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { machineMillis, poll } from "./precise-polling.ts";
import { HOST } from "./running-server.ts";

/** Arrivals at a fixed rate, whatever becomes of them. */
export interface Schedule {
  readonly perSecond: number;
  readonly count: number;
}

// Leaves the listener time to be waiting before the first.
const FIRST_AFTER_MS = 20;

/**
 * Has another process announce arrivals, as a network would: they come as data of a socket, and this process need not
 * watch the clock.
 *
 * @param port a delay proxy's `arrivalsPort`
 * @param onArrival is told the arrival's number from 0 on, and when it was due, in `machineMillis()`
 */
export async function arrive(
  port: number,
  { perSecond, count }: Schedule,
  onArrival: (index: number, dueMillis: number) => void,
): Promise<void> {
  const socket = connect(port, HOST).setNoDelay(true);
  await once(socket, "connect");
  const startMillis = machineMillis() + FIRST_AFTER_MS;
  let arrived = 0;
  socket.on("data", (data) => {
    for (let i = 0; i < data.length; i++) {
      onArrival(arrived, startMillis + (arrived * 1000) / perSecond);
      arrived += 1;
    }
  });
  socket.write(JSON.stringify({ startMillis, perSecond, count }));
  await once(socket, "close");
  if (arrived !== count) throw new Error(`Expected ${count} arrivals, got ${arrived}.`);
}

/** The other end: a byte for each arrival when it is due, and then the end. */
export function serveArrivals(socket: Socket): void {
  socket.setNoDelay(true);
  let open = true;
  socket.once("close", () => {
    open = false;
  });
  socket.on("error", () => {});
  socket.once("data", (request) => {
    const { startMillis, perSecond, count } = JSON.parse(request.toString()) as Schedule & { startMillis: number };
    let sent = 0;
    poll(() => {
      const due = Math.min(count, Math.floor(((machineMillis() - startMillis) * perSecond) / 1000) + 1);
      if (due > sent) {
        socket.write(Buffer.alloc(due - sent));
        sent = due;
      }
      if (sent === count) socket.end();
      return open && sent < count;
    });
  });
}
