import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { disconnect, nextMessage } from "@tickpipe/test-support";
import autocannon from "autocannon";
import type { AppCommand, AppReport, AppSettings } from "./app-messages.ts";
import { userIds } from "./seed.ts";

/** What one round of load measured. */
export interface Round {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly writesPerRequest: number;
  readonly cpuMicrosPerRequest: number;
}

/** The app in a process of its own. */
export interface RunningApp {
  readonly url: string;
  load(seconds: number): Promise<Round>;
  stop(): Promise<void>;
}

const CONNECTIONS = 50;

export async function startApp(settings: AppSettings): Promise<RunningApp> {
  const child = fork(fileURLToPath(new URL("./app-process.js", import.meta.url)));
  child.send(settings);
  const { port } = await reportOf(child);
  const url = `http://127.0.0.1:${port}/feed`;
  const tell = (command: AppCommand): boolean => child.send(command);
  return {
    url,
    load: async (seconds) => {
      tell("start measuring");
      const result = await autocannon({
        url,
        connections: CONNECTIONS,
        duration: seconds,
        requests: userIds().map((id) => ({ headers: { cookie: `sid=${id}` } })),
      });
      tell("stop measuring");
      const { served, writes, cpuMicros } = await reportOf(child);
      const failed = result.errors + result.timeouts + result.non2xx;
      if (failed > 0) throw new Error(`${failed} of the demo's requests failed, expected none.`);
      return {
        requestsPerSecond: result["2xx"] / result.duration,
        p50Ms: result.latency.p50,
        p99Ms: result.latency.p99,
        writesPerRequest: writes / served,
        cpuMicrosPerRequest: cpuMicros / served,
      };
    },
    stop: () => disconnect(child),
  };
}

async function reportOf(child: ChildProcess): Promise<AppReport> {
  return (await nextMessage(child, "The demo's app")) as AppReport;
}
