import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { disconnect, endAfter, nextMessage } from "@tickpipe/test-support";
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

/** For how long at most the answers that are under way at the end of a round are waited for, in seconds. */
const LAST_ANSWER_SECONDS = 10;

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
      const endsAt = performance.now() + seconds * 1000;
      const result = await autocannon({
        url,
        connections: CONNECTIONS,
        // A request that is cut off is answered by nobody, but makes its calls all the same, in the next round, too.
        duration: seconds + LAST_ANSWER_SECONDS,
        setupClient: (client) => endAfter(client, endsAt),
        requests: userIds().map((id) => ({ headers: { cookie: `sid=${id}` } })),
      });
      tell("stop measuring");
      const { served, writes, cpuMicros } = await reportOf(child);
      const failed = result.errors + result.timeouts + result.non2xx;
      if (failed > 0) throw new Error(`${failed} of the demo's requests failed, expected none.`);
      return {
        requestsPerSecond: (result["2xx"] * 1000) / (result.finish.getTime() - result.start.getTime()),
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
