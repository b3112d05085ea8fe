import { spawn } from "node:child_process";
import { once } from "node:events";

const core = new URL("../packages/core/dist/index.js", import.meta.url).href;
const ioredis = import.meta.resolve("ioredis");

/** So many INCRs are made by each client, of the key that is named as it is: `plain`, `wrapped`. */
export const CALLS = 500;

export interface EndingSettings {
  /** How a client is made; `Redis` and `Cluster` are there. */
  readonly client: string;
  /** Those of the wrapped one. */
  readonly options?: string;
  readonly inWorker?: boolean;
}

/**
 * Runs a program that makes the calls of one tick with a plain client and with a wrapped one, and ends in that tick.
 *
 * @param ending the tick's code, which has the calls made by `call()`
 * @returns what it wrote to stderr
 */
export async function runToItsEnd(ending: string, settings: EndingSettings): Promise<string> {
  const own = program(ending, settings);
  const inWorker = `
    import { Worker } from "node:worker_threads";
    const worker = new Worker(new URL("data:text/javascript," + ${JSON.stringify(encodeURIComponent(own))}));
    worker.on("error", () => {});`;
  const args = ["--input-type=module", "--eval", settings.inWorker ? inWorker : own];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await once(child, "close");
  return said;
}

function program(ending: string, { client, options = "{}" }: EndingSettings): string {
  return `
    import { Cluster, Redis } from ${JSON.stringify(ioredis)};
    import { tickpipe } from ${JSON.stringify(core)};
    import { create } from "node:domain";
    const plain = ${client};
    const wrapped = tickpipe(${client}, ${options});
    // A Cluster connects to a node when it first calls it.
    await Promise.all([plain, wrapped].flatMap((redis) => ["plain", "wrapped"].map((key) => redis.get(key))));
    const call = () => {
      for (let i = 0; i < ${CALLS}; i += 1) {
        for (const [key, redis] of Object.entries({ plain, wrapped })) redis.incr(key).catch(() => {});
      }
    };
    setImmediate(() => { ${ending} });`;
}
