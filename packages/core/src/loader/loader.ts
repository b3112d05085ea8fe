import type { IoredisClient } from "../client.ts";
import { describeKind, TickpipeTypeError } from "../errors.ts";
import type { LoaderParts } from "./answer-batch.ts";
import { Flights } from "./flights.ts";
import { type LoaderStats, startCounting } from "./loader-counters.ts";
import { type LoaderOptions, resolveLoaderOptions } from "./loader-options.ts";
import { type CacheRedis, RedisLink } from "./redis-link.ts";
import { type LoaderCalls, ScopeLoader } from "./scope-loader.ts";

/** A view, as far as a loader needs one: any view of the client that the loader was made on. */
export interface LoaderView {
  /** The part of `view.tickpipe` that is asked. */
  readonly tickpipe: {
    /** The raw client, by which the views of the loader's client are told from others. */
    readonly client: object;
    /** The scope that the view's calls belong to; `undefined` outside of all. */
    currentScope(): LoaderScope | undefined;
  };
}

/** A scope, as far as a loader needs one. */
export interface LoaderScope {
  /** The view whose calls belong to the scope. */
  readonly redis: object;
}

/**
 * A read-through cache in Redis, on DataLoader. Its own calls act in the scope that is current when they are made, which keeps what it
 * has loaded until it ends. Where there is none, the loads of a tick are one batch and nothing is kept.
 *
 * @typeParam K what an id is, as in `string`
 * @typeParam V what a value is
 */
export interface Loader<K, V> extends LoaderCalls<K, V> {
  /**
   * The loader in the scope of this view: `users.for(req.redis).load(id)`. The same one each time.
   *
   * @param redis a view of the client that the loader was made on
   * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_CLIENT` for anything but a view of the loader's client
   */
  for(redis: LoaderView): LoaderCalls<K, V>;

  /** What has been asked and found since the loader was made, in all scopes. */
  stats(): LoaderStats;
}

/** Makes loaders on one client. */
export class LoaderMaker {
  readonly #client: IoredisClient;
  readonly #beforeFlush: (work: () => void) => void;
  #link: RedisLink | null = null;

  /** @param beforeFlush runs something at the end of the tick, in time for its write */
  constructor(client: IoredisClient, beforeFlush: (work: () => void) => void) {
    this.#client = client;
    this.#beforeFlush = beforeFlush;
  }

  /**
   * @param root the view that belongs to no scope
   * @param currentScope the scope in which the loader's own calls act
   * @param onceClosed calls a listener when a scope is closed
   * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION`
   */
  make<K, V>(
    loaderOptions: LoaderOptions<K, V>,
    root: object,
    currentScope: () => LoaderScope | undefined,
    onceClosed: (scope: LoaderScope, listener: () => void) => void,
  ): Loader<K, V> {
    const options = resolveLoaderOptions(loaderOptions);
    // One for all loaders of a client: each listens to the client's events.
    this.#link ??= new RedisLink(this.#client);
    const link = this.#link;
    const counters = startCounting();
    const flights = new Flights(options, callsOf(root), link, counters);
    const parts: LoaderParts<K, V> = { options, link, flights, counters };
    const outside = new ScopeLoader(parts, callsOf(root), false, this.#beforeFlush);
    const scopes = new WeakMap<LoaderScope, ScopeLoader<K, V>>();

    const inScope = (scope: LoaderScope | undefined): ScopeLoader<K, V> => {
      if (scope === undefined) return outside;
      let loader = scopes.get(scope);
      if (!loader) {
        const opened = new ScopeLoader(parts, callsOf(scope.redis), true, this.#beforeFlush);
        loader = opened;
        scopes.set(scope, loader);
        // Who holds the scope, such as a timer, may hold it for long.
        onceClosed(scope, () => {
          scopes.delete(scope);
          opened.letGo();
        });
      }
      return loader;
    };
    const current = (): ScopeLoader<K, V> => inScope(currentScope());
    return {
      load: (id) => current().load(id),
      loadMany: (ids) => current().loadMany(ids),
      prime: (id, value) => current().prime(id, value),
      clear: (id) => current().clear(id),
      clearAll: () => current().clearAll(),
      for: (redis) => {
        if (redis?.tickpipe?.client === this.#client) return inScope(redis.tickpipe.currentScope());
        throw new TickpipeTypeError(
          "ERR_TICKPIPE_INVALID_CLIENT",
          `Expected a view of the client that the loader was made on, as in loader.for(req.redis), got ${describeKind(redis)}.`,
        );
      },
      stats: () => ({ ...counters }),
    };
  }
}

/** The one cast from a view to the commands that loaders call: every client that `tickpipe()` wraps has them. */
function callsOf(view: object): CacheRedis {
  return view as CacheRedis;
}
