import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { nextMessage } from "./child-answers.ts";
import { end, endWithThisProcess } from "./running-server.ts";

const { resolve } = createRequire(import.meta.url);

/** A TCP proxy that makes a server on this machine far away. */
export interface DelayProxy {
  readonly port: number;
  /** Where `arrive` has its arrivals announced: both need a precise clock, and one busy core is enough. */
  readonly arrivalsPort: number;
  stop(): Promise<void>;
}

/**
 * Starts a delay proxy in a process of its own: each portion of bytes is passed on `millisEachWay` after it came, and in
 * its order. It keeps a core busy while bytes are held.
 */
export async function startDelayProxy(targetPort: number, millisEachWay: number): Promise<DelayProxy> {
  const args = [String(targetPort), String(millisEachWay)];
  const child = fork(resolve("@tickpipe/test-support/delay-proxy-process"), args);
  endWithThisProcess(child);
  const ports = (await nextMessage(child, "The delay proxy")) as { port: number; arrivalsPort: number };
  return { ...ports, stop: () => end(child) };
}
