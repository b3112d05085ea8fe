import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type Ended, run, runWell } from "./child.ts";

const PROGRAMS = fileURLToPath(new URL("./programs/", import.meta.url));

/** A user's own folder, outside of the workspace. */
export class Folder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** @param type the `type` of its package.json; none for what is required */
  static async make(type: "module" | "commonjs"): Promise<Folder> {
    const folder = new Folder(await mkdtemp(join(tmpdir(), "tickpipe-consumer-")));
    // Kept on demand, for whoever wants to try it by hand.
    onTestFinished(() => (process.env.KEEP_CONSUMERS ? undefined : rm(folder.path, { recursive: true, force: true })));
    await folder.write("package.json", JSON.stringify({ name: "consumer", private: true, type }));
    return folder;
  }

  write(file: string, text: string): Promise<void> {
    return writeFile(join(this.path, file), text);
  }

  /** Copies one of the programs, with names of packages replaced. */
  async copy(program: string, replaced: Readonly<Record<string, string>> = {}): Promise<void> {
    let text = await readFile(join(PROGRAMS, program), "utf8");
    for (const [from, to] of Object.entries(replaced)) text = text.replaceAll(`"${from}"`, `"${to}"`);
    await this.write(program, text);
  }

  /** `npm install`, from npm's cache where it has what is asked for. */
  install(...specifiers: string[]): Promise<Ended> {
    return runWell("npm", [...INSTALL, ...specifiers], { cwd: this.path });
  }

  tryToInstall(...specifiers: string[]): Promise<Ended> {
    return run("npm", [...INSTALL, ...specifiers], { cwd: this.path });
  }

  run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return run(program, args, { cwd: this.path, env });
  }

  runWell(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return runWell(program, args, { cwd: this.path, env });
  }

  /** Runs an ES module that is given as text. */
  evaluate(code: string): Promise<Ended> {
    return this.runWell(process.execPath, ["--input-type=module", "--eval", code]);
  }

  /** Why each module cannot be had, by import and by require(): the error's code and message, or what says that it can. */
  async failuresOf(specifiers: readonly string[]): Promise<string[]> {
    const { stdout } = await this.evaluate(`
      import { createRequire } from "node:module";
      const require = createRequire(process.cwd() + "/app.js");
      const failures = [];
      for (const specifier of ${JSON.stringify(specifiers)}) {
        for (const load of [(name) => import(name), async (name) => require(name)]) {
          failures.push(await load(specifier).then(() => "none: " + specifier, ({ code, message }) => code + " " + message));
        }
      }
      console.log(JSON.stringify(failures));`);
    return JSON.parse(stdout);
  }

  /** Whether a package is there. */
  has(name: string): boolean {
    return existsSync(join(this.path, "node_modules", name));
  }

  /** What somebody may try to import of a package: the path of each of its files. */
  async filesOf(name: string): Promise<string[]> {
    const files = await readdir(join(this.path, "node_modules", name), { recursive: true, withFileTypes: true });
    const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
    return paths.map((path) => relative(join(this.path, "node_modules"), path).replaceAll(sep, "/"));
  }
}

/** Beside a program that counts its writes: what counts them in all tests. */
export async function copySupport(folder: Folder): Promise<void> {
  const support = new URL("socket-writes.js", import.meta.resolve("@tickpipe/test-support"));
  await copyFile(fileURLToPath(support), join(folder.path, "socket-writes.mjs"));
  await folder.copy("socket-writes.d.mts");
}

const INSTALL = ["install", "--prefer-offline", "--no-audit", "--no-fund", "--no-progress"];
