/** Is told why a signal was aborted. */
type Aborted = (reason: unknown) => void;

const followers = new WeakMap<AbortSignal, Followers>();

/**
 * Calls `aborted` when a signal is aborted; at once if it was before.
 *
 * @returns stops following
 */
export function followSignal(signal: AbortSignal, aborted: Aborted): () => void {
  if (signal.aborted) {
    aborted(signal.reason);
    return () => {};
  }
  let all = followers.get(signal);
  if (all === undefined) {
    all = new Followers(signal);
    followers.set(signal, all);
  }
  return all.add(aborted);
}

/**
 * All scopes that follow one signal, by one listener: Node warns of a leak from the eleventh on, and one signal for all
 * requests, such as that of a shutdown, is none.
 */
class Followers {
  readonly #signal: AbortSignal;
  readonly #all = new Set<Aborted>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(aborted: Aborted): () => void {
    if (this.#all.size === 0) this.#signal.addEventListener("abort", this.#tell);
    this.#all.add(aborted);
    return () => {
      if (this.#all.delete(aborted) && this.#all.size === 0) this.#signal.removeEventListener("abort", this.#tell);
    };
  }

  readonly #tell = (): void => {
    for (const aborted of [...this.#all]) aborted(this.#signal.reason);
  };
}
