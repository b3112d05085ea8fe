import { isAbsence } from "./reserved-texts.ts";

interface TimesToLive {
  readonly ttl: number;
  readonly negativeTtl: number | null;
  readonly jitter: number;
}

/** For how long a text is kept in Redis, in whole ms, at least 1; `null`: not at all. */
export function expiryMs(
  text: string,
  { ttl, negativeTtl, jitter }: TimesToLive,
  random: () => number = Math.random,
): number | null {
  const seconds = isAbsence(text) ? negativeTtl : ttl;
  if (seconds === null) return null;
  return Math.max(1, Math.round(seconds * 1000 * (1 - jitter * random())));
}

/** For how long any text stays in Redis at least, in ms. */
export function shortestExpiryMs({ ttl, negativeTtl, jitter }: TimesToLive): number {
  return Math.max(1, Math.round(Math.min(ttl, negativeTtl ?? ttl) * 1000 * (1 - jitter)));
}
