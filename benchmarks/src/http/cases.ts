import { median } from "@tickpipe/test-support";
import { figuresOf, type HttpCase, type HttpRound, type SubjectRounds } from "../results.ts";
import { NO_REDIS } from "../subject-names.ts";
import { takeTurns } from "../take-turns.ts";
import { CONNECTIONS, warmUpSeconds } from "./options.ts";
import type { RunningApp } from "./running-app.ts";
import { failureOf, type RunningLoad, untilAnswered } from "./running-load.ts";

/** How the turns are taken. */
export interface Turns {
  readonly rounds: number;
  readonly seconds: number;
}

type Slice = Omit<HttpRound, "cpuMicrosPerCall">;

/** The share of the slowest's peak that all are loaded with. */
const FIXED_SHARE = 0.6;

/** The two loads of so many calls a request: what each app answers at most, then one rate for all. */
export async function* casesOf(
  calls: number,
  apps: readonly RunningApp[],
  load: RunningLoad,
  turns: Turns,
): AsyncGenerator<HttpCase> {
  const slice = (app: RunningApp, seconds: number, rate: number | null) => measure(app, calls, load, seconds, rate);
  // The first slice of each warms it up, and is not counted.
  for (const app of apps) await slice(app, warmUpSeconds(turns.seconds), null);
  const peak = await takeTurns(apps, turns.rounds, (app) => slice(app, turns.seconds, null));
  const shared = { calls, connections: CONNECTIONS };
  yield { ...shared, load: "peak", ratePerSecond: null, subjects: withCallCosts(peak, calls) };
  const peaks = peak.map(({ rounds }) => median(rounds.map((round) => round.requestsPerSecond)));
  const rate = Math.max(1, Math.floor(Math.min(...peaks) * FIXED_SHARE));
  const fixed = await takeTurns(apps, turns.rounds, (app) => slice(app, turns.seconds, rate));
  yield { ...shared, load: "fixed", ratePerSecond: rate, subjects: withCallCosts(fixed, calls) };
}

/** Compared within each round, as the ratios are. */
function withCallCosts(subjects: readonly SubjectRounds<Slice>[], calls: number): SubjectRounds<HttpRound>[] {
  const withoutRedis = figuresOf(subjects, NO_REDIS, (round) => round.cpuMicrosPerRequest);
  return subjects.map(({ name, rounds }) => ({
    name,
    rounds: rounds.map((round, i) => {
      const more = round.cpuMicrosPerRequest - (withoutRedis[i] ?? Number.NaN);
      return { ...round, cpuMicrosPerCall: name === NO_REDIS ? null : more / calls };
    }),
  }));
}

async function measure(
  app: RunningApp,
  calls: number,
  load: RunningLoad,
  seconds: number,
  ratePerSecond: number | null,
): Promise<Slice> {
  const values = app.name === NO_REDIS ? 0 : calls;
  const order = { url: app.url(values), connections: CONNECTIONS, seconds, ratePerSecond, values };
  try {
    const round = await untilAnswered(seconds, async () => {
      const { result, cpuMicrosPerRequest } = await app.measure(() => load.run(order));
      return { ...result, cpuMicrosPerRequest };
    });
    const failure = failureOf(round);
    if (failure !== null) throw new Error(failure);
    return round;
  } catch (error) {
    throw new Error(`${app.name}, ${calls} calls a request: ${(error as Error).message}`);
  }
}
