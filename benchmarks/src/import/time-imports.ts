import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Milliseconds that a process took to import something. */
export interface ImportTime {
  /** By the clock, for all of it. */
  readonly elapsed: number;
  /** The processor's, from the start of the process on, Node's own start and its compiling and collecting threads among it. */
  readonly cpu: number;
}

/** Imports what it is given, in order, and prints the milliseconds. */
const PROGRAM = `
const start = performance.now();
for (const name of process.argv.slice(2)) await import(name);
const elapsed = performance.now() - start;
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ elapsed, cpu: (user + system) / 1000 }));
process.exit();
`;

/**
 * Starts a process that imports some modules.
 *
 * @param folder where it finds them
 */
export async function timeImports(folder: string, modules: readonly string[]): Promise<ImportTime> {
  const program = join(folder, "import.mjs");
  await writeFile(program, PROGRAM);
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...modules], { cwd: folder });
  return JSON.parse(stdout) as ImportTime;
}
