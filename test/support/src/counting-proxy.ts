import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { nextMessage } from "./child-answers.ts";
import { end, endWithThisProcess } from "./running-server.ts";

const { resolve } = createRequire(import.meta.url);

/** What has come from the clients of a counting proxy. */
export interface ArrivalCount {
  /** Portions in which the bytes arrived. Each write makes one at least, unless the kernel joined it with another. */
  readonly arrivals: number;
  readonly bytes: number;
}

/** A TCP proxy that counts in how many portions its clients' bytes arrive. */
export interface CountingProxy {
  readonly port: number;
  /** What has arrived since the last call. */
  take(): Promise<ArrivalCount>;
  stop(): Promise<void>;
}

/**
 * Starts a counting proxy in a process of its own: in the client's process it could read only after the client had
 * written all of its tick, and would count many writes as one arrival.
 */
export async function startCountingProxy(targetPort: number): Promise<CountingProxy> {
  const child = fork(resolve("@tickpipe/test-support/counting-proxy-process"), [String(targetPort)]);
  endWithThisProcess(child);
  const { port } = (await nextMessage(child, "The counting proxy")) as { port: number };
  return {
    port,
    take: async () => {
      child.send("take");
      return (await nextMessage(child, "The counting proxy")) as ArrivalCount;
    },
    stop: () => end(child),
  };
}
