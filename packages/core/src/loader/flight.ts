import type { Claim, Seen } from "./claim.ts";

/** An id with its Redis key. */
export interface Entry<K> {
  readonly id: K;
  readonly key: string;
}

/** One that Redis has no value for, and what it has instead. */
export interface Missed<K> extends Entry<K> {
  readonly seen: Seen;
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

/** The load of one id. */
export interface Flight<K> extends Entry<K> {
  readonly claim: Claim;
  readonly outcome: Promise<Outcome>;
  readonly settle: (outcome: Outcome) => void;
}

export function startFlight<K>({ id, key }: Entry<K>, claim: Claim): Flight<K> {
  let settle: (outcome: Outcome) => void = () => {};
  const outcome = new Promise<Outcome>((resolve) => {
    settle = resolve;
  });
  return { id, key, claim, outcome, settle };
}
