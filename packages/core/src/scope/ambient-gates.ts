import type { CallGate, GatedCall } from "../commands/gated-call.ts";
import type { AmbientGate } from "./ambient.ts";
import type { CallScope } from "./call-scope.ts";
import { SentCall } from "./sent-call.ts";

/** Has calls of views of no scope act in the scope that is current: with its memo, in its turns, among its counts. It refuses none. */
export class ActingGate implements CallGate, AmbientGate {
  readonly scope: CallScope;
  readonly runPlain = null;
  readonly refuses = false;

  constructor(scope: CallScope) {
    this.scope = scope;
  }

  get isOver(): boolean {
    return this.scope.isOver;
  }

  run(call: GatedCall): unknown {
    return this.scope.run(call, "other view");
  }

  get hasMemo(): boolean {
    return this.scope.hasMemo;
  }

  calledAnything(): void {
    this.scope.calledAnything();
  }
}

/** Counts and records calls of views of no scope for the scope that is current, and does nothing else to them. */
export class ObservingGate implements CallGate, AmbientGate {
  readonly #scope: CallScope;
  readonly runPlain = null;
  readonly refuses = false;
  readonly hasMemo = false;

  constructor(scope: CallScope) {
    this.#scope = scope;
  }

  get isOver(): boolean {
    return this.#scope.isOver;
  }

  run(call: GatedCall): unknown {
    const { counts, recording } = this.#scope;
    const noted = recording?.called(call, counts.all.wave) ?? null;
    return new SentCall({ tallies: counts.ofOthers, memo: null }, call, null, noted).make(call.send, null);
  }

  calledAnything(): void {}
}
