import { decodeText, isAbsence } from "./codec.ts";
import type { Entry, Flights, Loading } from "./flights.ts";
import type { LoaderCounters } from "./loader-counters.ts";
import type { ResolvedLoaderOptions } from "./loader-options.ts";
import { copyError } from "./own-error.ts";
import { readTexts } from "./read-texts.ts";
import type { CacheRedis, RedisLink } from "./redis-link.ts";

/** What all scopes of one loader share. */
export interface LoaderParts<K, V> {
  readonly options: ResolvedLoaderOptions<K, V>;
  readonly link: RedisLink;
  readonly flights: Flights<K, V>;
  readonly counters: LoaderCounters;
}

/** Gives one who asks the value; each time a value, or an error, of its own. */
type Answer<V> = () => V | Promise<V>;

/**
 * Answers a batch: reads Redis, and has loaded what is missing there.
 *
 * @param onFailedCall told of the entries for which the whole call of `load` failed
 * @returns a promise for each entry, so that what Redis has does not wait for what has to be loaded
 */
export async function answerBatch<K, V>(
  { options, link, flights, counters }: LoaderParts<K, V>,
  redis: CacheRedis,
  entries: readonly Entry<K>[],
  onFailedCall: (entry: Entry<K>) => void,
): Promise<Promise<V>[]> {
  const { codec, redisTimeoutMs } = options;
  const wanted = new Map(entries.map((entry) => [entry.key, entry]));
  const texts = await readTexts(redis, link, [...wanted.keys()], redisTimeoutMs, counters);

  const answers = new Map<string, Answer<V>>();
  const missing: Entry<K>[] = [];
  for (const entry of wanted.values()) {
    const text = texts.get(entry.key);
    if (text instanceof Error) answers.set(entry.key, () => Promise.reject(text));
    else {
      const answer = text === undefined ? null : fromText(text);
      if (answer === null) missing.push(entry);
      else answers.set(entry.key, answer);
    }
  }
  counters.misses += missing.length;
  flights.fetch(missing).forEach((loading, index) => {
    const entry = missing[index] as Entry<K>;
    answers.set(entry.key, fromLoading(entry, loading));
  });
  return entries.map(async ({ key }) => (answers.get(key) as Answer<V>)());

  function fromText(text: string): Answer<V> | null {
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

  function fromLoading(entry: Entry<K>, { outcome, isJoined }: Loading): Answer<V> {
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
