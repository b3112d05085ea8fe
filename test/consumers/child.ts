import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What this process has of the pnpm and the vitest that run it, and what a user's shell would not have. */
const OURS = /^(?:npm_(?!config_(?:registry|cache|userconfig)$)|pnpm_|VITEST|NODE_)/i;

const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name) && name !== "TEST"));

/** Runs a program to its end, or for four minutes. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Ended> {
  const env = { ...environment(), ...options.env };
  const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
  const child = spawn(program, args, { cwd: options.cwd, env, stdio, timeout: 240_000, killSignal: "SIGKILL" });
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...output };
}

/**
 * Like `run()`, for what must go well.
 *
 * @throws {Error} with all that the program has said
 */
export async function runWell(...[program, args, options]: Parameters<typeof run>): Promise<Ended> {
  const ended = await run(program, args, options);
  if (ended.code === 0) return ended;
  const how = ended.code === null ? "did not end in four minutes" : `ended with ${ended.code}`;
  throw new Error(`${[program, ...args].join(" ")} ${how}:\n${ended.stdout}\n${ended.stderr}`);
}
