import { tickpipe } from "@tickpipe/core";
import { collectMetrics } from "@tickpipe/core/metrics";
import { HOST, type RunningServer, startRedisServer } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import { Registry } from "prom-client";
import { clientVariants } from "../../variants.ts";
import { LOADED_SCRIPTS } from "./generate/other-commands.ts";
import { Monitor } from "./monitor.ts";
import { DATABASES, SCRIPTS, type Setup, type Via } from "./program.ts";
import { textOf } from "./text-of.ts";

/** What a side's callers hold, and the client beneath it. */
export interface ClientUnderTest {
  readonly raw: Redis;
  readonly objects: Readonly<Record<Via, Redis>>;
  flush(): void;
}

/** One of the two sides of a comparison: the plain client or the wrapped one, with a server of its own. */
export class Side {
  readonly name: "plain" | "wrapped";
  readonly monitor: Monitor;
  readonly #server: RunningServer;
  readonly #control: Redis;

  private constructor(name: Side["name"], server: RunningServer, control: Redis, monitor: Monitor) {
    this.name = name;
    this.#server = server;
    this.#control = control;
    this.monitor = monitor;
  }

  static async start(name: Side["name"]): Promise<Side> {
    const server = await startRedisServer();
    return new Side(name, server, new Redis({ host: HOST, port: server.port }), await Monitor.start(server.port));
  }

  async stop(): Promise<void> {
    this.monitor.stop();
    this.#control.disconnect();
    await this.#server.stop();
  }

  /** Brings the server back to how it was at its start, but for the scripts that it knows. */
  async clean(): Promise<void> {
    const load = LOADED_SCRIPTS.map((lua) => ["script", "LOAD", lua]);
    await this.#control.pipeline([["flushall"], ["script", "FLUSH"], ["config", "RESETSTAT"], ...load]).exec();
  }

  newClient(
    { client: name, keyPrefix, flush, maxBatchBytes, lean, observed }: Setup,
    dedupe: boolean,
  ): ClientUnderTest {
    const variant = clientVariants.find((each) => each.name === name);
    if (!variant) throw new Error(`There is no client variant named ${name}.`);
    const raw = variant.make({ port: this.#server.port, ...(keyPrefix && { keyPrefix }) });
    for (const [script, definition] of Object.entries(SCRIPTS)) raw.defineCommand(script, definition);
    if (this.name === "plain") return { raw, objects: { view: raw, raw, scope: raw }, flush: () => {} };
    const view = tickpipe(raw, { flush, maxBatchBytes, lean, dedupe });
    if (observed) {
      view.tickpipe.record(() => {}, { callSites: true, replyUses: true });
      collectMetrics(view, { register: new Registry() });
    }
    return {
      raw,
      objects: { view, raw, scope: view.tickpipe.scope({ name: "a request" }).redis },
      flush: () => view.tickpipe.flush(),
    };
  }

  /** Each key of each database with the bytes of its value and its time of expiry. */
  async data(): Promise<string[]> {
    const found: string[] = [];
    for (const database of DATABASES) {
      await this.#control.select(database);
      const keys = (await this.#control.keysBuffer("*")).sort(Buffer.compare);
      const calls = keys.flatMap((key) => [
        ["dumpBuffer", key],
        ["pexpiretime", key],
      ]);
      const replies = (await this.#control.pipeline(calls).exec()) ?? [];
      for (const [index, key] of keys.entries()) {
        const [dump, expiry] = replies.slice(2 * index);
        found.push(`database ${database} ${textOf(key)}: ${textOf(dump)}, expires ${textOf(expiry)}`);
      }
    }
    await this.#control.select(0);
    return found;
  }
}
