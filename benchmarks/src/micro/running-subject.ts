import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { disconnect, nextMessage } from "@tickpipe/test-support";
import type { Target } from "./subjects.ts";
import type { TaskName, Tasks } from "./tasks.ts";

/** A subject in a process of its own. */
export interface RunningSubject {
  readonly name: string;
  run<Name extends TaskName>(task: Name, given: Tasks[Name]["given"]): Promise<Tasks[Name]["answer"]>;
  stop(): Promise<void>;
}

/** @param nodeOptions options for its Node, such as `--expose-gc` */
export async function startSubject(
  name: string,
  port: number,
  nodeOptions: readonly string[] = [],
  target: Target = "server",
): Promise<RunningSubject> {
  const program = fileURLToPath(new URL("./subject-process.js", import.meta.url));
  const child = fork(program, [name, String(port), target], { execArgv: [...nodeOptions] });
  const answer = (): Promise<unknown> => nextMessage(child, `The process of ${name}`);
  await answer();
  return {
    name,
    run: async (task, given) => {
      const answered = answer();
      child.send({ task, given });
      return (await answered) as Tasks[typeof task]["answer"];
    },
    stop: () => disconnect(child),
  };
}

/** Starts a subject for each name, gives them to `use` and stops them. */
export async function withSubjects<T>(
  names: readonly string[],
  port: number,
  target: Target,
  use: (running: readonly RunningSubject[]) => Promise<T>,
): Promise<T> {
  const running: RunningSubject[] = [];
  try {
    const started = await Promise.allSettled(names.map((name) => startSubject(name, port, [], target)));
    for (const subject of started) if (subject.status === "fulfilled") running.push(subject.value);
    for (const subject of started) if (subject.status === "rejected") throw subject.reason;
    return await use(running);
  } finally {
    await Promise.all(running.map((subject) => subject.stop()));
  }
}
