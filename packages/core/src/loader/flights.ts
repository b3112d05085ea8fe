import { AsyncResource } from "node:async_hooks";
import { describeKind, TickpipeTypeError } from "../errors.ts";
import { atEndOfIteration } from "../timers.ts";
import { encodeText } from "./codec.ts";
import { expiryMs } from "./expiry.ts";
import type { LoaderCounters } from "./loader-counters.ts";
import type { ResolvedLoaderOptions } from "./loader-options.ts";
import { asError } from "./own-error.ts";
import type { CacheRedis, RedisLink } from "./redis-link.ts";

/** An id with its Redis key. */
export interface Entry<K> {
  readonly id: K;
  readonly key: string;
}

/** What loading one id came to. */
export type Outcome =
  | { readonly text: string }
  /** `isOfCall`: the whole call of `load` failed, and not this id alone. */
  | { readonly error: Error; readonly isOfCall: boolean };

/** Where to find the outcome, and whether another had it loaded. */
export interface Loading {
  readonly outcome: Promise<Outcome>;
  readonly isJoined: boolean;
}

interface Flight<K> extends Entry<K> {
  readonly outcome: Promise<Outcome>;
  readonly settle: (outcome: Outcome) => void;
}

/**
 * Loads what Redis does not have, one load per key at a time, and writes it back. A load is nobody's own: whoever misses
 * the same key meanwhile, in whatever scope, waits for the same outcome, which is text and so nothing that one could change for another.
 */
export class Flights<K, V> {
  readonly #options: ResolvedLoaderOptions<K, V>;
  readonly #redis: CacheRedis;
  readonly #link: RedisLink;
  readonly #counters: LoaderCounters;
  readonly #running = new Map<string, Flight<K>>();
  /** Runs outside of any request: a load goes on, and is written back, whatever becomes of the request that began it. */
  readonly #outside: <Result>(work: () => Result) => Result;

  constructor(options: ResolvedLoaderOptions<K, V>, redis: CacheRedis, link: RedisLink, counters: LoaderCounters) {
    this.#options = options;
    this.#redis = redis;
    this.#link = link;
    this.#counters = counters;
    this.#outside = AsyncResource.bind(<Result>(work: () => Result): Result => work());
  }

  /** Has each of these loaded, if it is not being loaded already. The keys must differ. */
  fetch(entries: readonly Entry<K>[]): Loading[] {
    const begun: Flight<K>[] = [];
    const loadings = entries.map((entry): Loading => {
      const running = this.#running.get(entry.key);
      if (running) return { outcome: running.outcome, isJoined: true };
      const flight = startFlight(entry);
      this.#running.set(entry.key, flight);
      begun.push(flight);
      return { outcome: flight.outcome, isJoined: false };
    });
    this.#counters.joined += entries.length - begun.length;
    if (begun.length > 0) void this.#outside(() => this.#run(begun));
    return loadings;
  }

  /** Makes a call in Redis on nobody's behalf. */
  callOutside(call: (redis: CacheRedis) => Promise<unknown>): Promise<unknown> {
    return this.#outside(() => call(this.#redis));
  }

  /** A load of this key that is running is not joined any more, nor written back. Without a key: all that are running. */
  forget(key?: string): void {
    if (key === undefined) this.#running.clear();
    else this.#running.delete(key);
  }

  async #run(flights: readonly Flight<K>[]): Promise<void> {
    this.#counters.loads += 1;
    this.#counters.loadedKeys += flights.length;
    let values: ArrayLike<V | Error>;
    try {
      const { load } = this.#options;
      values = checkedValues(await load(flights.map(({ id }) => id)), flights.length);
    } catch (reason) {
      const error = asError(reason);
      for (const flight of flights) this.#fail(flight, error, true);
      return;
    }
    const written = flights.map((flight, index) => this.#land(flight, values[index] as V | Error));
    // Joined until Redis has answered: whoever read before that write, and so missed, finds the outcome here.
    await this.#link.wait(Promise.all(written), this.#options.redisTimeoutMs);
    // Both replies may have come at once. Then the reader has yet to learn of its own, some microtasks later.
    await new Promise<void>(atEndOfIteration);
    for (const flight of flights) this.#end(flight);
  }

  /** Settles a flight, and writes the value back. */
  async #land(flight: Flight<K>, value: V | Error): Promise<void> {
    if (value instanceof Error) {
      this.#fail(flight, value, false);
      return;
    }
    let text: string;
    try {
      text = encodeText(this.#options.codec, value);
    } catch (reason) {
      this.#fail(flight, asError(reason), false);
      return;
    }
    flight.settle({ text });
    const ms = expiryMs(text, this.#options);
    if (ms === null || this.#running.get(flight.key) !== flight) return;
    try {
      if (!this.#link.isUp) throw new Error("Redis is gone.");
      await this.#redis.set(flight.key, text, "PX", ms);
    } catch {
      // The value is there all the same.
      this.#counters.redisErrors += 1;
    }
  }

  #fail(flight: Flight<K>, error: Error, isOfCall: boolean): void {
    this.#counters.failedKeys += 1;
    this.#end(flight);
    flight.settle({ error, isOfCall });
  }

  #end(flight: Flight<K>): void {
    if (this.#running.get(flight.key) === flight) this.#running.delete(flight.key);
  }
}

function startFlight<K>({ id, key }: Entry<K>): Flight<K> {
  let settle: (outcome: Outcome) => void = () => {};
  const outcome = new Promise<Outcome>((resolve) => {
    settle = resolve;
  });
  return { id, key, outcome, settle };
}

function checkedValues<T>(values: ArrayLike<T>, count: number): ArrayLike<T> {
  const isArray = typeof values === "object" && values !== null && typeof values.length === "number";
  if (isArray && values.length === count) return values;
  throw new TickpipeTypeError(
    "ERR_TICKPIPE_LOADER_RESULT",
    `Expected load to give an array with a value for each of its ${count} ids, in their order, got ${
      isArray ? `one with ${values.length}` : describeKind(values)
    }.`,
  );
}
