import { once } from "node:events";
import { HOST, type RunningServer, startRedisServer } from "@tickpipe/test-support";
import { Redis } from "ioredis";
import { clientVariants } from "../../variants.ts";
import { type ClientUnderTest, clientUnderTest } from "./client-under-test.ts";
import { LOADED_SCRIPTS } from "./generate/other-commands.ts";
import { threadPrefix } from "./generate/programs.ts";
import { Monitor } from "./monitor.ts";
import { DATABASES, type Setup } from "./program.ts";
import { textOf } from "./text-of.ts";

/** What is left in a client: all zero, unless something was forgotten. */
export interface LeftOver {
  readonly inFlight: number;
  readonly offline: number;
  readonly corked: number;
}

/** One of the two sides of a comparison: the plain client or the wrapped one, with servers of its own. */
export interface Side {
  readonly name: "plain" | "wrapped";
  stop(): Promise<void>;
  /** Brings the servers back to how they were at their start, but for the scripts that they know. */
  clean(): Promise<void>;
  newClient(setup: Setup, dedupe: boolean): ClientUnderTest;
  /** Waits until each connection of the client is ready. */
  ready(client: ClientUnderTest): Promise<void>;
  /** Marks the begin of a program for `commandsBetween`: before it, or by its client together with its first calls. */
  begin(marker: string): Promise<void>;
  beginBy(client: ClientUnderTest, marker: string): Promise<unknown>;
  /** Marks its end, once a last reply has come: all earlier ones have come before it. */
  end(client: ClientUnderTest, marker: string): Promise<void>;
  /** What the servers saw. */
  commandsBetween(begin: string, end: string): Promise<string[]>;
  /** What is in all keys of a thread, and in no other's. */
  keysOf(thread: number): string;
  /** Each key with the bytes of its value and its time of expiry. */
  data(): Promise<string[]>;
  leftIn(client: ClientUnderTest): LeftOver;
}

/** A side whose client is a client for one server. */
export class ServerSide implements Side {
  readonly name: Side["name"];
  readonly #monitor: Monitor;
  readonly #server: RunningServer;
  readonly #control: Redis;

  private constructor(name: Side["name"], server: RunningServer, control: Redis, monitor: Monitor) {
    this.name = name;
    this.#server = server;
    this.#control = control;
    this.#monitor = monitor;
  }

  static async start(name: Side["name"]): Promise<ServerSide> {
    const server = await startRedisServer();
    return new ServerSide(name, server, new Redis({ host: HOST, port: server.port }), await Monitor.start(server.port));
  }

  async stop(): Promise<void> {
    this.#monitor.stop();
    this.#control.disconnect();
    await this.#server.stop();
  }

  async clean(): Promise<void> {
    const load = LOADED_SCRIPTS.map((lua) => ["script", "LOAD", lua]);
    await this.#control.pipeline([["flushall"], ["script", "FLUSH"], ["config", "RESETSTAT"], ...load]).exec();
  }

  newClient(setup: Setup, dedupe: boolean): ClientUnderTest {
    const { client: name, keyPrefix } = setup;
    const variant = clientVariants.find((each) => each.name === name);
    if (!variant) throw new Error(`There is no client variant named ${name}.`);
    const raw = variant.make({ port: this.#server.port, ...(keyPrefix && { keyPrefix }) });
    return clientUnderTest(raw, this.name, setup, dedupe);
  }

  async ready({ raw }: ClientUnderTest): Promise<void> {
    await once(raw, "ready");
  }

  async begin(): Promise<void> {}

  beginBy({ objects: { view } }: ClientUnderTest, marker: string): Promise<unknown> {
    return view.echo(marker);
  }

  /** Ends what a program may have left open, too. */
  async end({ objects: { view } }: ClientUnderTest, marker: string): Promise<void> {
    await view.discard().catch(() => {});
    await view.echo(marker);
  }

  commandsBetween(begin: string, end: string): Promise<string[]> {
    return this.#monitor.between(begin, end);
  }

  keysOf(thread: number): string {
    return threadPrefix(thread);
  }

  async data(): Promise<string[]> {
    const found: string[] = [];
    for (const database of DATABASES) {
      await this.#control.select(database);
      found.push(...(await dataOf(this.#control, database)));
    }
    await this.#control.select(0);
    return found;
  }

  leftIn({ raw }: ClientUnderTest): LeftOver {
    return leftIn(raw);
  }
}

/** Each key that a connection sees, with the bytes of its value and its time of expiry. */
export async function dataOf(control: Redis, database: number): Promise<string[]> {
  const keys = (await control.keysBuffer("*")).sort(Buffer.compare);
  const calls = keys.flatMap((key) => [
    ["dumpBuffer", key],
    ["pexpiretime", key],
  ]);
  const replies = (await control.pipeline(calls).exec()) ?? [];
  return keys.map((key, index) => {
    const [dump, expiry] = replies.slice(2 * index);
    return `database ${database} ${textOf(key)}: ${textOf(dump)}, expires ${textOf(expiry)}`;
  });
}

/** What is left in a client of one connection. */
export function leftIn(raw: Redis): LeftOver {
  const { commandQueue, offlineQueue, stream } = raw as unknown as {
    readonly commandQueue: { readonly length: number };
    readonly offlineQueue: { readonly length: number };
    readonly stream: { readonly writableCorked: number } | null;
  };
  return { inFlight: commandQueue.length, offline: offlineQueue.length, corked: stream?.writableCorked ?? 0 };
}
