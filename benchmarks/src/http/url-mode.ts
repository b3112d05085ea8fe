import type { LoadResult, LoadRound } from "../results.ts";
import { inOrderOf } from "../take-turns.ts";
import { type UrlOptions, warmUpSeconds } from "./options.ts";
import { failureOf, type RunningLoad, untilAnswered } from "./running-load.ts";

/**
 * Loads apps of the user's own, in turns where there are several. Ends with the first round in which requests fail:
 * `failureOfUrls` tells which.
 */
export async function loadUrls(options: UrlOptions, load: RunningLoad): Promise<LoadResult<LoadRound>> {
  const { urls, connections, ratePerSecond, rounds, seconds } = options;
  const apps = urls.map((url, i) => ({ name: nameAt(urls, i), url, rounds: [] as LoadRound[] }));
  const run = (url: string, seconds: number): Promise<LoadRound> => {
    const order = { url, connections, ratePerSecond, seconds, values: null };
    return untilAnswered(seconds, () => load.run(order));
  };
  let isWell = true;
  for (const app of apps) {
    // The first slice warms the app up, and is not counted, unless it fails.
    const warmUp = isWell ? await run(app.url, warmUpSeconds(seconds)) : null;
    if (warmUp === null || failureOf(warmUp) === null) continue;
    app.rounds.push(warmUp);
    isWell = false;
  }
  for (let round = 0; round < rounds; round++) {
    for (const app of inOrderOf(round, apps)) {
      if (!isWell) break;
      const measured = await run(app.url, seconds);
      app.rounds.push(measured);
      isWell = failureOf(measured) === null;
    }
  }
  const subjects = apps.map(({ name, rounds }) => ({ name, rounds })).filter(({ rounds }) => rounds.length > 0);
  return { load: ratePerSecond === null ? "peak" : "fixed", ratePerSecond, connections, subjects };
}

/** What went wrong with a user's own app; `null` where each request was answered well. */
export function failureOfUrls({ subjects }: LoadResult<LoadRound>): string | null {
  for (const { name, rounds } of subjects) {
    const failure = rounds.map(failureOf).find((each) => each !== null);
    if (failure != null) return `${name}: ${failure}`;
  }
  return null;
}

/** A URL without what may be secret: user, password and query. */
export function nameOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** The names of some URLs tell them apart, also where only a query does. */
function nameAt(urls: readonly string[], index: number): string {
  const names = urls.map(nameOf);
  const name = names[index] as string;
  const before = names.slice(0, index).filter((each) => each === name).length;
  return before === 0 ? name : `${name} (${before + 1})`;
}
