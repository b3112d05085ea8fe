import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { ask, end, freePort, HOST, kill, type RunningServer, untilReady } from "./running-server.ts";

const { resolve } = createRequire(import.meta.url);

/** Starts Valkey in WebAssembly, in a child process, on a free port: a real server that needs no installation. */
export async function startEmbeddedValkey(): Promise<RunningServer> {
  const port = await freePort();
  const child = fork(resolve("@tickpipe/test-support/embedded-valkey"), [String(port)], {
    execArgv: ["--no-warnings"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await untilReady(port, child, "The embedded Valkey");
  const info = await ask(port, "INFO server");
  const version = /valkey_version:(\S+)/.exec(info ?? "")?.[1] ?? "?";
  const description = `embedded Valkey ${version} (WebAssembly)`;
  return { host: HOST, port, description, stop: () => end(child), kill: () => kill(child) };
}
