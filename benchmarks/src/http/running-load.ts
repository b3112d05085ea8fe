import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { disconnect, nextMessage } from "@tickpipe/test-support";
import type { LoadRound } from "../results.ts";
import type { LoadOrder } from "./load-process.ts";

/** autocannon in a process of its own. */
export interface RunningLoad {
  /**
   * One slice of load.
   *
   * @throws {Error} if the app's answer is not right
   */
  run(order: LoadOrder): Promise<LoadRound>;
  stop(): Promise<void>;
}

export async function startLoad(): Promise<RunningLoad> {
  const child = fork(fileURLToPath(new URL("./load-process.js", import.meta.url)));
  const answer = (): Promise<unknown> => nextMessage(child, "The process of the load");
  await answer();
  return {
    run: async (order) => {
      const answered = answer();
      child.send(order);
      const result = (await answered) as LoadRound | { failure: string };
      if ("failure" in result) throw new Error(result.failure);
      return result;
    },
    stop: () => disconnect(child),
  };
}

/**
 * A slice that a busy machine stalled from its beginning to its end measured nothing: it is run again, twice at most,
 * or as often as short slices need to outlast a stall of a second and a half.
 */
export async function untilAnswered<T extends LoadRound>(seconds: number, slice: () => Promise<T>): Promise<T> {
  let result = await slice();
  const again = Math.max(2, Math.ceil(1.5 / seconds) - 1);
  for (let i = 0; i < again && result.requestsPerSecond + result.errors + result.non2xx === 0; i++) {
    result = await slice();
  }
  return result;
}

/** What went wrong in a slice; `null` where each request was answered well. */
export function failureOf({ requestsPerSecond, errors, non2xx }: LoadRound): string | null {
  if (errors + non2xx > 0) {
    return `${errors} requests failed or timed out, ${non2xx} were answered with another status than 2xx; expected none.`;
  }
  return requestsPerSecond > 0 ? null : "no request was answered.";
}
