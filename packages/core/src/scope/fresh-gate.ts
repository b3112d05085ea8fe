import type { CallGate, GatedCall } from "../commands/gated-call.ts";
import type { CallScope } from "./call-scope.ts";

/** The gate of a scope whose memo does not answer: each read goes to Redis, and renews the memo. */
export class FreshGate implements CallGate {
  readonly scope: CallScope;
  controls?: object;

  constructor(scope: CallScope) {
    this.scope = scope;
  }

  get runPlain(): CallGate["runPlain"] {
    return this.scope.runPlain?.bind(this.scope) ?? null;
  }

  run(call: GatedCall): unknown {
    return this.scope.run(call, "fresh view");
  }

  get refuses(): boolean {
    return this.scope.refuses;
  }

  get hasMemo(): boolean {
    return this.scope.hasMemo;
  }

  calledAnything(): void {
    this.scope.calledAnything();
  }
}
