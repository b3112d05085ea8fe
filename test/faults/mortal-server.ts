import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningServer, startRedisServer } from "@tickpipe/test-support";

/** A server that can be killed and started again, on the same port and with a data folder of its own. */
export class MortalServer {
  readonly #settings: readonly string[];
  readonly #folder: string;
  #running: RunningServer;

  private constructor(settings: readonly string[], folder: string, running: RunningServer) {
    this.#settings = settings;
    this.#folder = folder;
    this.#running = running;
  }

  static async start(settings: readonly string[]): Promise<MortalServer> {
    const folder = await mkdtemp(join(tmpdir(), "tickpipe-faults-"));
    const all = [...settings, "--dir", folder];
    return new MortalServer(all, folder, await startRedisServer(all));
  }

  get port(): number {
    return this.#running.port;
  }

  /** As `kill -9`. The signal is sent before this returns. */
  kill(): Promise<void> {
    return this.#running.kill();
  }

  /** Starts it again after it was killed, with the data that it kept or with none. */
  async startAgain(data: "kept" | "lost"): Promise<void> {
    if (data === "lost") {
      for (const name of await readdir(this.#folder)) await rm(join(this.#folder, name), { recursive: true });
    }
    this.#running = await startRedisServer(this.#settings, this.port);
  }

  async stop(): Promise<void> {
    await this.#running.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
