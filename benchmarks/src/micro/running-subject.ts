import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Measurement } from "./subject-process.ts";
import type { Workload } from "./workloads.ts";

/** A subject in a process of its own. */
export interface RunningSubject {
  readonly name: string;
  /** One round; `null` if the subject cannot do this workload. */
  measure(workload: Workload): Promise<Measurement | null>;
  stop(): Promise<void>;
}

export async function startSubject(name: string, port: number): Promise<RunningSubject> {
  const child = fork(fileURLToPath(new URL("./subject-process.js", import.meta.url)), [name, String(port)]);
  const answer = async (): Promise<unknown> => {
    const ended = new AbortController();
    const exited = once(child, "exit", { signal: ended.signal }).then(() => {
      throw new Error(`The process of ${name} ended before it answered.`);
    });
    try {
      const [message] = (await Promise.race([once(child, "message", { signal: ended.signal }), exited])) as [unknown];
      return message;
    } finally {
      exited.catch(() => {});
      ended.abort();
    }
  };
  await answer();
  return {
    name,
    measure: async (workload) => {
      const answered = answer();
      child.send(workload);
      return (await answered) as Measurement | null;
    },
    stop: async () => {
      if (child.exitCode !== null) return;
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}
