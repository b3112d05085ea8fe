import { rowOf } from "./table.ts";

/** Whether any call of this command may wait on the server, in lower case. */
export function mayBlock(command: string): boolean {
  const { blocks } = rowOf(command);
  return blocks === "always" || blocks === "with BLOCK";
}

/**
 * Whether this very call may wait on the server, so that it would hold up all that is called after it.
 *
 * @param command in lower case
 * @param args the call's arguments, arrays among them flattened
 */
export function blocks(command: string, args: readonly unknown[]): boolean {
  const { blocks, optionsAt } = rowOf(command);
  if (blocks !== "with BLOCK") return blocks === "always";
  for (let i = optionsAt; i < args.length; i++) {
    const word = wordOf(args[i]);
    if (word === "block") return true;
    if (word === "streams") return false;
    // Its number is no option, whatever it looks like.
    if (word === "count") i += 1;
  }
  return false;
}

function wordOf(argument: unknown): string {
  return typeof argument === "string" || argument instanceof Uint8Array
    ? Buffer.from(argument as string)
        .toString("latin1")
        .toLowerCase()
    : "";
}
