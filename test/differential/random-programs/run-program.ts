import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import type { ClientUnderTest } from "./client-under-test.ts";
import { mayShareReads, type Program } from "./program.ts";
import type { LeftOver, Side } from "./side.ts";
import { StrayErrors } from "./stray-errors.ts";
import { RunningThread } from "./thread.ts";
import { serveVisits } from "./visits.ts";

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
  readonly left: LeftOver;
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
  const { setup, threads, visits } = program;
  await side.clean();
  // Of each program its own: one that got stuck has no end.
  const number = programsRun++;
  const [begin, end] = [`program ${number} begins`, `program ${number} ends`];
  await side.begin(begin);
  const strayErrors = new StrayErrors();
  const client = side.newClient(setup, mayShareReads(program));
  const { raw } = client;
  let stuck: string | null = null;
  const running = threads.map((thread) => new RunningThread(thread, client));
  try {
    if (!setup.calledBeforeReady) await side.ready(client);
    const threadsRun =
      visits === undefined ? Promise.all(running.map((thread) => thread.run())) : serveVisits(visits, running, client);
    const whole = Promise.all([side.beginBy(client, begin), threadsRun]);
    if ((await within(patienceMs, whole)) === TOO_LATE) {
      const calls = running.map(({ ledger }, thread) => `of thread ${thread}: ${ledger.pendingCalls().join(" ")}`);
      stuck = `calls that have not settled ${calls.join(", ")}; ${await whetherAlive(raw, patienceMs)}`;
    } else if ((await within(patienceMs, side.end(client, end))) === TOO_LATE) {
      stuck = "no answer to the last call";
    }
    await turn();
    const commands = stuck ? [] : await side.commandsBetween(begin, end);
    return {
      outcomes: running.map(({ ledger }) => ledger.outcomes()),
      order: running.map(({ ledger }) => ledger.order()),
      commands: threads.map((_, number) =>
        threads.length === 1 ? commands : commandsOn(side.keysOf(number), commands),
      ),
      data: await side.data(),
      strayErrors: await strayErrors.stop(),
      left: side.leftIn(client),
      stuck,
    };
  } finally {
    await strayErrors.stop();
    await disconnect(raw);
  }
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

async function disconnect(raw: ClientUnderTest["raw"]): Promise<void> {
  const ended = once(raw, "end");
  raw.disconnect();
  await ended;
}
