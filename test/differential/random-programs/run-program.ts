import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { threadPrefix } from "./generate/programs.ts";
import { mayShareReads, type Program } from "./program.ts";
import type { ClientUnderTest, Side } from "./side.ts";
import { StrayErrors } from "./stray-errors.ts";
import { RunningThread } from "./thread.ts";

/** What a program came to on one side. Every part is the same on both, or the sides have diverged. */
export interface Observation {
  /** For each thread, what each call came to: reply, error, or what was thrown. */
  readonly outcomes: readonly (readonly string[])[];
  /** For each thread, in which order its calls settled. */
  readonly order: readonly (readonly string[])[];
  /** For each thread, which commands the server saw, in their order, those that scripts called included. */
  readonly commands: readonly (readonly string[])[];
  readonly data: readonly string[];
  readonly strayErrors: readonly string[];
  /** What is left in the client: all zero, unless something was forgotten. */
  readonly left: { readonly inFlight: number; readonly offline: number; readonly corked: number };
  /** Set if not all calls had settled: which, and whether the connection still answered. */
  readonly stuck: string | null;
}

let programsRun = 0;

/**
 * Runs a program with a new client.
 *
 * @param patienceMs for how long nothing may come of it before it counts as stuck; reached only by a program that fails
 */
export async function runProgram(program: Program, side: Side, patienceMs: number): Promise<Observation> {
  const { setup, threads } = program;
  await side.clean();
  const strayErrors = new StrayErrors();
  const client = side.newClient(setup, mayShareReads(program));
  const { raw } = client;
  // Of each program its own: one that got stuck has no end.
  const number = programsRun++;
  const [begin, end] = [`program ${number} begins`, `program ${number} ends`];
  let stuck: string | null = null;
  const running = threads.map((thread) => new RunningThread(thread, client));
  try {
    if (!setup.calledBeforeReady) await once(raw, "ready");
    const whole = Promise.all([client.objects.view.echo(begin), ...running.map((thread) => thread.run())]);
    if ((await within(patienceMs, whole)) === TOO_LATE) {
      const calls = running.map(({ ledger }, thread) => `of thread ${thread}: ${ledger.pendingCalls().join(" ")}`);
      stuck = `calls that have not settled ${calls.join(", ")}; ${await whetherAlive(raw, patienceMs)}`;
    } else if ((await within(patienceMs, closeWith(client, end))) === TOO_LATE) {
      stuck = "no answer to the last call";
    }
    await turn();
    const commands = stuck ? [] : await side.monitor.between(begin, end);
    return {
      outcomes: running.map(({ ledger }) => ledger.outcomes()),
      order: running.map(({ ledger }) => ledger.order()),
      commands: threads.map((_, number) =>
        threads.length === 1 ? commands : commandsOn(threadPrefix(number), commands),
      ),
      data: await side.data(),
      strayErrors: await strayErrors.stop(),
      left: leftIn(raw),
      stuck,
    };
  } finally {
    await strayErrors.stop();
    await disconnect(raw);
  }
}

/** Ends what a program may have left open, and waits for a last reply: all earlier ones have come before it. */
async function closeWith({ objects: { view } }: ClientUnderTest, marker: string): Promise<void> {
  await view.discard().catch(() => {});
  await view.echo(marker);
}

const TOO_LATE = Symbol("too late");

async function within(ms: number, work: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms, TOO_LATE);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function whetherAlive(raw: ClientUnderTest["raw"], patienceMs: number): Promise<string> {
  const answer = await within(
    patienceMs,
    raw.ping().catch((error: Error) => error.message),
  );
  return answer === TOO_LATE ? "the connection answers no PING either" : "the connection answers a PING";
}

function commandsOn(keys: string, commands: readonly string[]): string[] {
  return commands.filter((line) => line.includes(keys));
}

function leftIn(raw: ClientUnderTest["raw"]): Observation["left"] {
  const { commandQueue, offlineQueue, stream } = raw as unknown as {
    readonly commandQueue: { readonly length: number };
    readonly offlineQueue: { readonly length: number };
    readonly stream: { readonly writableCorked: number };
  };
  return { inFlight: commandQueue.length, offline: offlineQueue.length, corked: stream.writableCorked };
}

async function disconnect(raw: ClientUnderTest["raw"]): Promise<void> {
  const ended = once(raw, "end");
  raw.disconnect();
  await ended;
}
