import type { IoredisClient } from "../client.ts";
import type { CallGate } from "../commands/gated-call.ts";
import type { ObservedStats, Scope, Tickpiped } from "../controls.ts";
import type { ScopeRecord } from "../observe/records.ts";
import type { ScopeStats } from "../observe/round-trips.ts";
import type { Ambient } from "./ambient.ts";
import type { ActingGate, ObservingGate } from "./ambient-gates.ts";
import type { CallScope } from "./call-scope.ts";

/** What all scopes of one client share. */
export interface ScopeParts<C extends IoredisClient> {
  readonly ambient: Ambient<ActingGate | ObservingGate>;
  readonly viewOf: (gate: CallGate) => Tickpiped<C>;
}

/** A scope as its user holds it. Its views are made when they are asked for. */
export class ScopeHandle<C extends IoredisClient> implements Scope<C> {
  readonly #parts: ScopeParts<C>;
  readonly #calls: CallScope;
  #redis: Tickpiped<C> | undefined = undefined;
  #fresh: Tickpiped<C> | undefined = undefined;

  constructor(parts: ScopeParts<C>, calls: CallScope) {
    this.#parts = parts;
    this.#calls = calls;
  }

  /** The scope that a handle of any client's stands for. */
  static callsOf(this: void, scope: object): CallScope {
    return (scope as ScopeHandle<IoredisClient>).#calls;
  }

  get name(): string | undefined {
    return this.#calls.name;
  }

  get redis(): Tickpiped<C> {
    this.#redis ??= this.#parts.viewOf(this.#calls);
    return this.#redis;
  }

  get fresh(): Tickpiped<C> {
    this.#fresh ??= this.#parts.viewOf(this.#calls.fresh);
    return this.#fresh;
  }

  stats(): ScopeStats {
    return this.#calls.stats();
  }

  observed(): ObservedStats {
    const { others, all } = this.#calls.counts;
    return { others: others.snapshot(), all: all.snapshot() };
  }

  record(): ScopeRecord | undefined {
    return this.#calls.record();
  }

  run<T>(fn: () => T): T {
    return this.#parts.ambient.run(this.#calls.acting, fn);
  }

  observe<T>(fn: () => T, isAsked = false): T {
    if (isAsked) this.#calls.observe();
    return this.#calls.isObserved ? this.#parts.ambient.run(this.#calls.observing, fn) : fn();
  }

  abort(reason?: unknown): void {
    this.#calls.abort(reason);
  }

  close(): void {
    this.#calls.close();
  }
}
