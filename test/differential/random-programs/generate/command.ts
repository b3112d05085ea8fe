import fc, { Arbitrary } from "fast-check";
import type { Invocation } from "../program.ts";

/** Commands on data of one kind. */
export interface Commands {
  readonly reads: readonly Arbitrary<Invocation>[];
  readonly writes: readonly Arbitrary<Invocation>[];
}

/** A command with arguments that are random where they are arbitraries, and as given otherwise. */
export function command(method: string, ...args: unknown[]): Arbitrary<Invocation> {
  const arbitraries = args.map((arg) => (arg instanceof Arbitrary ? arg : fc.constant(arg)));
  return fc.tuple(...arbitraries).map((given) => ({ method, args: given }));
}
