import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Milliseconds that an import took. */
export interface ImportTime {
  readonly elapsed: number;
  /** The processor's, Node's compiling and collecting threads among it. */
  readonly cpu: number;
}

/** Imports what it is given, in order, and prints what the last one took. */
const PROGRAM = `
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
let time;
for (const name of process.argv.slice(2)) {
  const start = [performance.now(), cpu()];
  await import(name);
  time = { elapsed: performance.now() - start[0], cpu: cpu() - start[1] };
  // What the import has left to other threads is not the next one's.
  await new Promise((resolve) => setTimeout(resolve, 50));
}
console.log(JSON.stringify(time));
process.exit();
`;

/**
 * Starts a process that imports some modules, one after another.
 *
 * @param folder where it finds them
 * @returns what the last of them took
 */
export async function timeImports(folder: string, modules: readonly string[]): Promise<ImportTime> {
  const program = join(folder, "import.mjs");
  await writeFile(program, PROGRAM);
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...modules], { cwd: folder });
  return JSON.parse(stdout) as ImportTime;
}
