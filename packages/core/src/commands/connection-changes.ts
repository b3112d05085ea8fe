import { rowOf } from "./table.ts";

/** Whether a command, in lower case, may change the state of its connection, so that what is called after it means something else. */
export function changesConnection(command: string): boolean {
  return rowOf(command).state !== null;
}

/** Whether a pipeline's commands may change it, together: a transaction that it ends itself does not. */
export function changesConnectionTogether(commands: readonly string[]): boolean {
  let open = 0;
  for (const command of commands) {
    if (command === "multi") open += 1;
    else if (command === "exec" || command === "discard") open -= 1;
    else if (changesConnection(command)) return true;
  }
  return open !== 0;
}
