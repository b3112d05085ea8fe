import type { IoredisClient } from "../client.ts";
import { describeKind, TickpipeTypeError } from "../errors.ts";
import type { LoaderParts } from "./answer-batch.ts";
import { type CacheRedis, CacheWrites } from "./cache-writes.ts";
import { Flights } from "./flights.ts";
import type { LoaderCalls } from "./loader-calls.ts";
import { type LoaderStats, startCounting } from "./loader-counters.ts";
import { type LoaderOptions, resolveLoaderOptions } from "./loader-options.ts";
import { RedisLink } from "./redis-link.ts";
import { type LoaderScopeLife, ScopeLoader } from "./scope-loader.ts";

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
  /** The same view, whose reads no memo answers. */
  readonly fresh: object;
}

/** What becomes of a scope, as a loader has to know it. */
export interface LifeOfScope extends LoaderScopeLife {
  /** Whether it was closed in good order, so that its view is a plain view. */
  readonly isPlain: boolean;
  /** Has `listener` called once, when the scope is closed; not at all if it is closed already. */
  onceClosed(listener: () => void): void;
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
  readonly #root: object;
  readonly #beforeFlush: (work: () => void) => void;
  readonly #lifeOf: (scope: LoaderScope) => LifeOfScope;
  #shared: { readonly link: RedisLink; readonly writes: CacheWrites } | null = null;

  /**
   * @param root the view that belongs to no scope
   * @param beforeFlush runs something at the end of the tick, in time for its write
   */
  constructor(
    client: IoredisClient,
    root: object,
    beforeFlush: (work: () => void) => void,
    lifeOf: (scope: LoaderScope) => LifeOfScope,
  ) {
    this.#client = client;
    this.#root = root;
    this.#beforeFlush = beforeFlush;
    this.#lifeOf = lifeOf;
  }

  /**
   * @param currentScope the scope in which the loader's own calls act
   * @throws {TickpipeTypeError} `ERR_TICKPIPE_INVALID_OPTION`
   */
  make<K, V>(loaderOptions: LoaderOptions<K, V>, currentScope: () => LoaderScope | undefined): Loader<K, V> {
    const options = resolveLoaderOptions(loaderOptions);
    const root = callsOf(this.#root);
    // One for all loaders of a client: each listens to the client's events.
    this.#shared ??= { link: new RedisLink(this.#client), writes: new CacheWrites(root) };
    const { link, writes } = this.#shared;
    const counters = startCounting();
    const flights = new Flights(options, writes, link, counters);
    const parts: LoaderParts<K, V> = { options, link, flights, writes, counters };
    const outside = new ScopeLoader(parts, root, null, this.#beforeFlush);
    const scopes = new WeakMap<LoaderScope, ScopeLoader<K, V>>();

    const inScope = (scope: LoaderScope | undefined): ScopeLoader<K, V> => {
      if (scope === undefined) return outside;
      const known = scopes.get(scope);
      if (known) return known;
      const life = this.#lifeOf(scope);
      if (life.isPlain) return outside;
      // Not by its memo: that knows nothing of what loaders of other scopes, or this one's `clear`, change.
      const loader = new ScopeLoader(parts, callsOf(scope.fresh), life, this.#beforeFlush);
      scopes.set(scope, loader);
      life.onceClosed(() => loader.stopKeeping());
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
