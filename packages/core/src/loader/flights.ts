import { AsyncResource } from "node:async_hooks";
import { atEndOfIteration } from "../timers.ts";
import type { CacheWrites } from "./cache-writes.ts";
import { Claim } from "./claim.ts";
import { encodeText } from "./codec.ts";
import { expiryMs, shortestExpiryMs } from "./expiry.ts";
import { type Flight, type Loading, type Missed, startFlight } from "./flight.ts";
import { checkedValues, isPromise } from "./load-results.ts";
import type { LoaderCounters } from "./loader-counters.ts";
import type { ResolvedLoaderOptions } from "./loader-options.ts";
import { asError } from "./own-error.ts";
import type { RedisLink } from "./redis-link.ts";

/**
 * Loads what Redis does not have, one load per key at a time, and writes it back. A load is nobody's own: whoever misses
 * the same key meanwhile, in whatever scope, waits for the same outcome, which is text and so nothing that one could change for another.
 */
export class Flights<K, V> {
  readonly #options: ResolvedLoaderOptions<K, V>;
  readonly #writes: CacheWrites;
  readonly #link: RedisLink;
  readonly #counters: LoaderCounters;
  readonly #lifeMs: number;
  readonly #running = new Map<string, Flight<K>>();
  /** Runs outside of any request: a load goes on, and is written back, whatever becomes of the request that began it. */
  readonly #outside: <Result>(work: () => Result) => Result;

  constructor(options: ResolvedLoaderOptions<K, V>, writes: CacheWrites, link: RedisLink, counters: LoaderCounters) {
    this.#options = options;
    this.#writes = writes;
    this.#link = link;
    this.#counters = counters;
    this.#lifeMs = shortestExpiryMs(options);
    this.#outside = AsyncResource.bind(<Result>(work: () => Result): Result => work());
  }

  /**
   * Has each of these loaded, if it is not being loaded already. The keys must differ.
   *
   * @param since when Redis was asked for them, by `performance.now()`
   */
  fetch(missed: readonly Missed<K>[], since: number): Loading[] {
    const begun: Flight<K>[] = [];
    const loadings = missed.map((entry): Loading => {
      const running = this.#running.get(entry.key);
      // A load that began before another process cleared the key is not joined by who asked after.
      if (running?.claim.includes(entry.seen)) return { outcome: running.outcome, isJoined: true };
      const flight = startFlight(entry, new Claim(this.#writes, entry.key, entry.seen, since, this.#lifeMs));
      this.#running.set(entry.key, flight);
      begun.push(flight);
      return { outcome: flight.outcome, isJoined: false };
    });
    this.#counters.joined += missed.length - begun.length;
    if (begun.length > 0) void this.#outside(() => this.#run(begun));
    return loadings;
  }

  /** A load of this key that is running is not joined any more, nor written back. Without a key: all that are running. */
  forget(key?: string): void {
    if (key === undefined) this.#running.clear();
    else this.#running.delete(key);
  }

  async #run(flights: readonly Flight<K>[]): Promise<void> {
    this.#counters.loads += 1;
    this.#counters.loadedKeys += flights.length;
    const underWay = new Set(flights);
    const extend = (): void => {
      for (const { claim } of underWay) void claim.extend();
    };
    const timer = setTimeout(extend, flights[0]?.claim.extendInMs).unref();
    try {
      await this.#landAll(flights, underWay);
    } finally {
      clearTimeout(timer);
    }
  }

  async #landAll(flights: readonly Flight<K>[], underWay: Set<Flight<K>>): Promise<void> {
    let values: ArrayLike<V | Error | PromiseLike<V | Error>>;
    try {
      const { load } = this.#options;
      values = checkedValues(await load(flights.map(({ id }) => id)), flights.length);
    } catch (reason) {
      const error = asError(reason);
      for (const flight of flights) this.#fail(flight, error, true);
      return;
    }
    const landed: Flight<K>[] = [];
    const written: Promise<void>[] = [];
    const late: Promise<void>[] = [];
    flights.forEach((flight, index) => {
      const value = values[index] as V | Error | PromiseLike<V | Error>;
      const land = (settled: V | Error): Promise<void> => {
        underWay.delete(flight);
        return this.#land(flight, settled);
      };
      if (isPromise(value)) {
        const settled = Promise.resolve(value).catch(asError);
        late.push(settled.then((each) => this.#endOnceWritten([flight], [land(each)])));
      } else {
        landed.push(flight);
        written.push(land(value));
      }
    });
    await Promise.all([this.#endOnceWritten(landed, written), ...late]);
  }

  /** Ends flights that have landed. They are joined until Redis has answered: whoever read before that write, and so missed, finds the outcome here. */
  async #endOnceWritten(flights: readonly Flight<K>[], written: readonly Promise<void>[]): Promise<void> {
    if (flights.length === 0) return;
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
    if (ms === null || this.#running.get(flight.key) !== flight) {
      void flight.claim.release();
      return;
    }
    try {
      if (!this.#link.isUp) throw new Error("Redis is gone.");
      await flight.claim.write(text, ms);
    } catch {
      // The value is there all the same.
      this.#counters.redisErrors += 1;
    }
  }

  #fail(flight: Flight<K>, error: Error, isOfCall: boolean): void {
    this.#counters.failedKeys += 1;
    void flight.claim.release();
    this.#end(flight);
    flight.settle({ error, isOfCall });
  }

  #end(flight: Flight<K>): void {
    if (this.#running.get(flight.key) === flight) this.#running.delete(flight.key);
  }
}
