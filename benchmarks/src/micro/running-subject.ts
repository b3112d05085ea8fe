import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { disconnect, nextMessage } from "@tickpipe/test-support";
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
  const answer = (): Promise<unknown> => nextMessage(child, `The process of ${name}`);
  await answer();
  return {
    name,
    measure: async (workload) => {
      const answered = answer();
      child.send(workload);
      return (await answered) as Measurement | null;
    },
    stop: () => disconnect(child),
  };
}
