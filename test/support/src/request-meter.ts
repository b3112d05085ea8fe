import type { Server } from "node:http";

/** What a server's process did for some requests. */
export interface ServedRequests {
  readonly served: number;
  /** CPU time of the process meanwhile, user and system, in microseconds. */
  readonly cpuMicros: number;
}

/** Counts the requests of a server in this process, and the CPU time that they cost. */
export interface RequestMeter {
  start(): void;
  /** What was served since `start()`. Whole requests: those under way are waited for. */
  stop(): Promise<ServedRequests>;
}

export function meterRequests(server: Server): RequestMeter {
  let cpu = process.cpuUsage();
  let active = 0;
  let served = 0;
  let onIdle = (): void => {};

  server.on("request", (_req, res) => {
    active += 1;
    res.once("close", () => {
      active -= 1;
      served += 1;
      if (active === 0) onIdle();
    });
  });

  return {
    start: () => {
      served = 0;
      cpu = process.cpuUsage();
    },
    stop: async () => {
      if (active > 0) {
        await new Promise<void>((resolve) => {
          onIdle = resolve;
        });
      }
      const { user, system } = process.cpuUsage(cpu);
      return { served, cpuMicros: user + system };
    },
  };
}
