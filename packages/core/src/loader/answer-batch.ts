import type { CacheRedis, CacheWrites } from "./cache-writes.ts";
import type { Seen } from "./claim.ts";
import { decodeText } from "./codec.ts";
import type { Entry, Loading, Missed } from "./flight.ts";
import type { Flights } from "./flights.ts";
import type { LoaderCounters } from "./loader-counters.ts";
import type { ResolvedLoaderOptions } from "./loader-options.ts";
import { copyError } from "./own-error.ts";
import { readTexts } from "./read-texts.ts";
import type { RedisLink } from "./redis-link.ts";
import { isAbsence, isMark } from "./reserved-texts.ts";

/** What all scopes of one loader share. */
export interface LoaderParts<K, V> {
  readonly options: ResolvedLoaderOptions<K, V>;
  readonly link: RedisLink;
  readonly flights: Flights<K, V>;
  readonly writes: CacheWrites;
  readonly counters: LoaderCounters;
}

/** Who asks for a batch. */
export interface Asker {
  /** Makes its calls. */
  readonly redis: CacheRedis;
  /** Why nothing is to be loaded for it any more, as a new error; `null` while it is there. */
  refusal(): Error | null;
}

/** Gives one who asks the value; each time a value, or an error, of its own. */
type Answer<V> = () => V | Promise<V>;

/**
 * Answers a batch: reads Redis, and has loaded what is missing there.
 *
 * @param onFailedCall told of the entries for which the whole call of `load` failed
 * @returns a promise for each entry, so that what Redis has does not wait for what has to be loaded
 */
export async function answerBatch<K, V, E extends Entry<K>>(
  { options, link, flights, counters }: LoaderParts<K, V>,
  asker: Asker,
  entries: readonly E[],
  onFailedCall: (entry: E) => void,
): Promise<Promise<V>[]> {
  const { codec, redisTimeoutMs } = options;
  const wanted = new Map(entries.map((entry) => [entry.key, entry]));
  const since = performance.now();
  const found = await readTexts(asker.redis, link, [...wanted.keys()], redisTimeoutMs, counters);

  const answers = new Map<string, Answer<V>>();
  const missing: Missed<K>[] = [];
  for (const entry of wanted.values()) {
    const seen = found.get(entry.key) ?? "unknown";
    const answer = seen instanceof Error ? rejecting<V>(seen) : fromSeen(seen);
    if (answer !== null) answers.set(entry.key, answer);
    else missing.push({ ...entry, seen: seen as Seen });
  }
  // It may have ended while Redis was asked.
  const loaded = missing.filter(({ key }) => {
    const refusal = asker.refusal();
    if (refusal !== null) answers.set(key, rejecting(refusal));
    return refusal === null;
  });
  counters.misses += missing.length;
  flights.fetch(loaded, since).forEach((loading, index) => {
    const entry = loaded[index] as Missed<K>;
    answers.set(entry.key, fromLoading(wanted.get(entry.key) as E, loading));
  });
  return entries.map(async ({ key }) => (answers.get(key) as Answer<V>)());

  function fromSeen(seen: Seen): Answer<V> | null {
    if (typeof seen === "string" || isMark(seen.text)) return null;
    const { text } = seen;
    let first: { readonly value: V } | null;
    try {
      first = { value: decodeText(codec, text) };
    } catch {
      counters.decodeErrors += 1;
      return null;
    }
    counters[isAbsence(text) ? "negativeHits" : "hits"] += 1;
    return () => {
      const { value } = first ?? { value: decodeText(codec, text) };
      first = null;
      return value;
    };
  }

  function fromLoading(entry: E, { outcome, isJoined }: Loading): Answer<V> {
    let isOriginalGiven = isJoined;
    return async () => {
      const came = await outcome;
      if ("text" in came) return decodeText(codec, came.text);
      if (came.isOfCall) onFailedCall(entry);
      const error = isOriginalGiven ? copyError(came.error) : came.error;
      isOriginalGiven = true;
      throw error;
    };
  }
}

function rejecting<V>(error: Error): Answer<V> {
  return () => Promise.reject(error);
}
