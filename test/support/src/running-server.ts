import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";

export const HOST = "127.0.0.1";

/** A Redis or Valkey that was started here and is to be stopped here. */
export interface RunningServer {
  readonly host: string;
  readonly port: number;
  /** What it is, for people: a program's name and version. */
  readonly description: string;
  stop(): Promise<void>;
  /** Ends it as `kill -9` does; it has no time to save or to say goodbye. The signal is sent before this returns. */
  kill(): Promise<void>;
}

/**
 * Where ports for servers are looked for: below those that Linux and macOS give to outgoing connections. One of those may be
 * given to a connection before the server listens on it, or while it is gone; and who connects to it then may meet himself.
 */
const PORTS = { from: 10_000, to: 32_000 };

/** vitest's workers run side by side, and each has a number: each looks in a part of its own, so that none takes a port that another is about to use. */
const PARTS = 8;
const part = Number(process.env.VITEST_POOL_ID ?? 0) % PARTS;

const given = new Set<number>();

/** A port that was free a moment ago, and that this process has not asked for before. */
export async function freePort(): Promise<number> {
  const size = Math.floor((PORTS.to - PORTS.from) / PARTS);
  for (;;) {
    const port = PORTS.from + part * size + Math.floor(Math.random() * size);
    if (given.has(port)) continue;
    given.add(port);
    const server = createServer();
    try {
      await once(server.listen(port, HOST), "listening");
    } catch {
      continue;
    }
    server.close();
    await once(server, "close");
    return port;
  }
}

/**
 * Sends an inline command and waits for the start of its reply.
 *
 * @returns the reply's first bytes, or `null` if nobody answers on that port yet
 */
export function ask(port: number, command: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST, () => socket.write(`${command}\r\n`));
    const finish = (answer: string | null): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => finish(null));
    socket.once("data", (data) => finish(data.toString()));
    socket.once("error", () => finish(null));
    socket.once("close", () => finish(null));
  });
}

const READY_WITHIN_MS = 20_000;

/**
 * Waits until a just started server answers, and sees to it that it does not outlive this process.
 *
 * @throws {Error} if its program cannot be run, ends, or does not answer in time; it is ended then
 */
export async function untilReady(port: number, child: ChildProcess, name: string): Promise<void> {
  endWithThisProcess(child);
  let failure: string | undefined;
  child.once("error", (error: NodeJS.ErrnoException) => {
    failure = `${name} cannot be run (${error.code}).`;
  });
  child.once("exit", (code) => {
    failure ??= `${name} ended with code ${code} before it was ready.`;
  });
  const deadline = Date.now() + READY_WITHIN_MS;
  while (failure === undefined && Date.now() < deadline) {
    const answer = await ask(port, "PING");
    // A server that asks for a password first answers as well; one that still reads its data is not ready.
    if (answer !== null && !answer.startsWith("-LOADING")) return;
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  if (failure === undefined) await end(child);
  throw new Error(failure ?? `${name} did not answer PING within ${READY_WITHIN_MS / 1000} s.`);
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Sees to it that a child does not outlive this process. */
export function endWithThisProcess(child: ChildProcess): void {
  running.add(child);
  child.once("exit", () => running.delete(child));
}

/** Ends a child: asks, and after two seconds insists. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const insist = setTimeout(() => child.kill("SIGKILL"), 2000);
  await exited;
  clearTimeout(insist);
}

/** Ends a child at once. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
