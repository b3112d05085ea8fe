import type { LoadResult, LoadRound } from "../results.ts";
import { type UrlOptions, warmUpSeconds } from "./options.ts";
import { failureOf, type RunningLoad, untilAnswered } from "./running-load.ts";

/** Loads an app of the user's own. Ends with the first round in which requests fail: `failureOfUrl` tells which. */
export async function loadUrl(options: UrlOptions, load: RunningLoad): Promise<LoadResult<LoadRound>> {
  const { url, connections, ratePerSecond, rounds, seconds } = options;
  const run = (seconds: number): Promise<LoadRound> => {
    const order = { url, connections, ratePerSecond, seconds, values: null };
    return untilAnswered(seconds, () => load.run(order));
  };
  // The first slice warms the app up, and is not counted, unless it fails.
  const warmUp = await run(warmUpSeconds(seconds));
  const isWell = (round: LoadRound): boolean => failureOf(round) === null;
  const measured = isWell(warmUp) ? [] : [warmUp];
  while (measured.length < rounds && measured.every(isWell)) measured.push(await run(seconds));
  const loadName = ratePerSecond === null ? "peak" : "fixed";
  const subjects = [{ name: nameOf(url), rounds: measured }];
  return { load: loadName, ratePerSecond, connections, subjects };
}

/** What went wrong with a user's own app; `null` where each request was answered well. */
export function failureOfUrl({ subjects }: LoadResult<LoadRound>): string | null {
  const [app] = subjects;
  const failure = app?.rounds.map(failureOf).find((each) => each !== null) ?? null;
  return failure === null ? null : `${app?.name}: ${failure}`;
}

/** A URL without what may be secret: user, password and query. */
export function nameOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
