import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Imports what it is given, in order, and prints the milliseconds that each took. */
const PROGRAM = `
const millis = [];
for (const name of process.argv.slice(2)) {
  const start = performance.now();
  await import(name);
  millis.push(performance.now() - start);
}
console.log(JSON.stringify(millis));
process.exit();
`;

/**
 * Starts a process that imports some modules.
 *
 * @param folder where it finds them
 * @returns milliseconds of each
 */
export async function timeImports(folder: string, modules: readonly string[]): Promise<number[]> {
  const program = join(folder, "import.mjs");
  await writeFile(program, PROGRAM);
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...modules], { cwd: folder });
  return JSON.parse(stdout) as number[];
}
