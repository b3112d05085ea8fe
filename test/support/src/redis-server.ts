import { execFileSync, spawn } from "node:child_process";
import { canInstall, installPackage, isExecutable, onPath } from "./programs.ts";
import { end, freePort, HOST, kill, type RunningServer, untilReady } from "./running-server.ts";

const NAMES = ["redis-server", "valkey-server"];

/**
 * The server program to start: `REDIS_SERVER`, a path or a name on the PATH, if it is set; else the first of the known
 * names on the PATH, else `null`.
 *
 * @throws {Error} if `REDIS_SERVER` is set and names nothing that can be run
 */
export function findRedisServer(): string | null {
  const { REDIS_SERVER } = process.env;
  if (!REDIS_SERVER) return NAMES.map(onPath).find((program) => program !== null) ?? null;
  const program = REDIS_SERVER.includes("/") ? REDIS_SERVER : onPath(REDIS_SERVER);
  if (program !== null && isExecutable(program)) return program;
  throw new Error(
    `REDIS_SERVER is ${REDIS_SERVER}, which is no program that can be run. Set it to a redis-server or valkey-server, or unset it.`,
  );
}

/**
 * Like `findRedisServer`, but where there is none installs one, as root on Debian, and says so.
 *
 * @throws {Error} naming the command to run, where it cannot
 */
export function requireRedisServer(): string {
  const found = findRedisServer();
  if (found) return found;
  if (canInstall()) {
    console.error("No redis-server found: installing Debian's with apt-get.");
    installPackage("redis-server");
    const installed = findRedisServer();
    if (installed) return installed;
  }
  throw new Error(
    "No redis-server or valkey-server found. Install one, for example with `apt-get install -y redis-server`, or name its program in REDIS_SERVER.",
  );
}

/**
 * Starts a redis-server (or valkey-server) on a free port, without persistence.
 *
 * @param settings further settings, as on its command line: `["--maxmemory", "1mb"]`
 * @param at the port of a server that is gone, to start another in its place
 */
export async function startRedisServer(settings: readonly string[] = [], at?: number): Promise<RunningServer> {
  const program = requireRedisServer();
  const port = at ?? (await freePort());
  const own = ["--port", String(port), "--bind", HOST, "--save", "", "--appendonly", "no"];
  const child = spawn(program, [...own, ...settings], { stdio: "ignore" });
  await untilReady(port, child, program);
  return { host: HOST, port, description: versionOf(program), stop: () => end(child), kill: () => kill(child) };
}

/** The name and version of a server program, for people. */
export function versionOf(program: string): string {
  // "Redis server v=7.0.15 sha=…" or "Valkey server v=8.1.0 …"
  const text = execFileSync(program, ["--version"], { encoding: "utf8" });
  const [, name = program, version = "?"] = /^(\w+) server v=(\S+)/.exec(text) ?? [];
  return `${name.toLowerCase()}-server ${version}`;
}
