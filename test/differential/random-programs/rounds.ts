import { exists, hasFlag } from "@ioredis/commands";
import fc from "fast-check";
import { ClusterSide } from "./cluster-side.ts";
import { compare, printDivergence } from "./compare.ts";
import { clusterPrograms } from "./generate/cluster-programs.ts";
import { programs } from "./generate/programs.ts";
import { visitedPrograms } from "./generate/visits.ts";
import { printProgram } from "./print.ts";
import { commandsOf, type Program, type Serving, type Setup } from "./program.ts";
import { type Observation, runProgram } from "./run-program.ts";
import { ServerSide, type Side } from "./side.ts";

/** What has been run so far, on both sides together. */
export interface Tally {
  programs: number;
  commands: number;
  failedCalls: number;
  calls: number;
  /** How many ticks had so many commands, by that number. */
  readonly ticksBySize: number[];
}

const PROGRAMS_PER_ROUND = 25;
const PATIENCE_MS = 10_000;
const PATIENCE_WHILE_SHRINKING_MS = 4_000;
const ROUND_AT_MOST_MS = 60_000;

/** Where programs are run: on a client for one server, or on a Cluster. */
export type Ground = "server" | "cluster";

/** Runs rounds of random programs on a plain and a wrapped client, each with servers of its own. */
export class Rounds {
  readonly tally: Tally = { programs: 0, commands: 0, failedCalls: 0, calls: 0, ticksBySize: [] };
  readonly #plain: Side;
  readonly #wrapped: Side;
  readonly #programs: fc.Arbitrary<Program>;

  private constructor(plain: Side, wrapped: Side, programs: fc.Arbitrary<Program>) {
    this.#plain = plain;
    this.#wrapped = wrapped;
    this.#programs = programs;
  }

  /** @param serving runs the threads as requests that are served so; default: outside of requests */
  static async start(ground: Ground = "server", serving?: Serving): Promise<Rounds> {
    const start = (name: Side["name"]): Promise<Side> =>
      ground === "cluster" ? ClusterSide.start(name) : ServerSide.start(name);
    const [plain, wrapped] = await Promise.all([start("plain"), start("wrapped")]);
    const plainPrograms = ground === "cluster" ? clusterPrograms : programs;
    return new Rounds(plain, wrapped, serving === undefined ? plainPrograms : visitedPrograms(plainPrograms, serving));
  }

  async stop(): Promise<void> {
    await Promise.all([this.#plain.stop(), this.#wrapped.stop()]);
  }

  /**
   * Runs one round.
   *
   * @returns the smallest program found on which the sides diverge, for people to read; `null` if they are the same
   */
  async run(seed: number): Promise<string | null> {
    let patienceMs = PATIENCE_MS;
    const property = fc.asyncProperty(this.#programs, async (program) => {
      const found = await this.#divergences(program, patienceMs);
      if (found.length === 0) return;
      patienceMs = PATIENCE_WHILE_SHRINKING_MS;
      throw new Error(found.join("\n"));
    });
    const result = await fc.check(property, {
      seed,
      numRuns: PROGRAMS_PER_ROUND,
      interruptAfterTimeLimit: ROUND_AT_MOST_MS,
      markInterruptAsFailure: true,
    });
    if (!result.failed) return null;
    const [program] = result.counterexample ?? [];
    if (!program) return `SEED=${seed}: the round did not end in ${ROUND_AT_MOST_MS / 1000} s.`;
    const error = result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
    return `SEED=${seed} shows it again. After ${result.numShrinks} steps of shrinking:\n\n${error}\n\n${printProgram(program)}`;
  }

  async #divergences(program: Program, patienceMs: number): Promise<string[]> {
    // One after the other: what nobody handles in the process then belongs to one side.
    const plain = await runProgram(program, this.#plain, patienceMs);
    const wrapped = await runProgram(program, this.#wrapped, patienceMs);
    this.#count(program, plain);
    return compare(plain, wrapped, {
      mayBeShared: isRead,
      scriptsAlike: ["maxPerTick", "maxPending"].includes(program.setup.serving ?? "default"),
      settling: settlesInOrder(program.setup),
    }).map(printDivergence);
  }

  #count({ threads }: Program, { outcomes }: Observation): void {
    const { tally } = this;
    tally.programs += 1;
    for (const tick of threads.flatMap(({ ticks }) => ticks)) {
      const size = commandsOf(tick);
      tally.ticksBySize[size] = (tally.ticksBySize[size] ?? 0) + 1;
      tally.commands += 2 * size;
    }
    for (const outcome of outcomes.flat()) {
      tally.calls += 1;
      if (!/^\S+ replied /.test(outcome)) tally.failedCalls += 1;
    }
  }
}

// iovalkey's own commands settle some microtasks late, by a `finally`; lean ones, which have none, may overtake them.
function settlesInOrder({ client, lean, observed, serving }: Setup): boolean {
  // A call that was kept, or answered by the memo, settles by a promise of its own; so does one that is recorded for a request, and those
  // that are called once the request is over do not.
  if (serving !== undefined && (serving !== "default" || observed)) return false;
  return client !== "iovalkey" || !lean;
}

// `[0] "GET" "key"`: any command that the server itself calls read-only; which of them are shared is not this test's to say.
function isRead(line: string): boolean {
  const [, name = ""] = /^\[\d+\] "([^"]+)"/.exec(line) ?? [];
  const command = name.toLowerCase();
  return exists(command) && hasFlag(command, "readonly");
}

/** The size of the median tick, in commands. */
export function medianTick({ ticksBySize }: Tally): number {
  let ticks = ticksBySize.reduce((sum, count) => sum + count, 0) / 2;
  return ticksBySize.findIndex((count) => {
    ticks -= count ?? 0;
    return ticks <= 0;
  });
}

/** One line on what was run. */
export function printTally(tally: Tally): string {
  const failed = ((100 * tally.failedCalls) / Math.max(tally.calls, 1)).toFixed(1);
  return `${tally.programs} programs, ${tally.commands} commands on both sides together, median tick ${medianTick(tally)} commands, ${failed} % of calls failed`;
}
