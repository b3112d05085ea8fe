import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { disconnect, HOST, nextMessage } from "@tickpipe/test-support";
import type { AppAddress, AppCommand, AppReport } from "./app-process.ts";

/** A subject's app in a process of its own. */
export interface RunningApp {
  readonly name: string;
  /** Where a request makes so many calls. */
  url(calls: number): string;
  /** Does the work, and measures the CPU time of this app for each request meanwhile, in microseconds. */
  measure<T>(work: () => Promise<T>): Promise<{ result: T; cpuMicrosPerRequest: number }>;
  stop(): Promise<void>;
}

export async function startApp(name: string, redisPort: number): Promise<RunningApp> {
  const program = fileURLToPath(new URL("./app-process.js", import.meta.url));
  // Not its standard output, where valkey-glide's native core writes warnings when the machine is busy.
  const child = fork(program, [name, String(redisPort)], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const answer = (): Promise<unknown> => nextMessage(child, `The app of ${name}`);
  const tell = (command: AppCommand): boolean => child.send(command);
  const { port } = (await answer()) as AppAddress;
  return {
    name,
    url: (calls) => `http://${HOST}:${port}/${calls}`,
    measure: async (work) => {
      tell("start measuring");
      const result = await work();
      const answered = answer();
      tell("stop measuring");
      const { served, cpuMicros } = (await answered) as AppReport;
      return { result, cpuMicrosPerRequest: cpuMicros / served };
    },
    stop: () => disconnect(child),
  };
}
