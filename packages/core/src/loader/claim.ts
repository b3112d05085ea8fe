import { type CacheWrites, FENCE_MS } from "./cache-writes.ts";
import { newMark } from "./reserved-texts.ts";

/** What a load has found under its key before it began. `"unknown"`: Redis was not there, or did not answer in time. */
export type Seen = { readonly text: string } | "nothing" | "another type" | "unknown";

/** For how long the mark of a load stays that takes long: what takes longer still is not kept. In ms. */
const LEASE_MS = 600_000;

/**
 * A load's right to write its value: it has it while nobody has cleared or primed the key since it began, in whatever process. Both leave a text
 * that the load has not seen, a mark or a value, and its write goes through only over what it saw.
 *
 * Where it saw nothing, that holds for as long as such texts stay at least (`fenceMs`), since later there may be nothing again. A load that
 * takes half of that leaves a mark of its own, and from then on writes over that mark alone.
 */
export class Claim {
  readonly #writes: CacheWrites;
  readonly #key: string;
  readonly #since: number;
  readonly #fenceMs: number;
  readonly #first: Seen;
  #lease: string | null = null;
  #isLost = false;
  #extending: Promise<void> | null = null;

  /**
   * @param since when `seen` was asked for, by `performance.now()`
   * @param lifeMs for how long a primed value stays, at least
   */
  constructor(writes: CacheWrites, key: string, seen: Seen, since: number, lifeMs: number) {
    this.#writes = writes;
    this.#key = key;
    this.#first = seen;
    this.#since = since;
    this.#fenceMs = Math.min(FENCE_MS, lifeMs);
  }

  /** Whether who has seen this may have the load's outcome: nobody has cleared or primed the key in between. */
  includes(seen: Seen): boolean {
    if (seen === "unknown" || this.#first === "unknown") return true;
    if (typeof seen === "string") return seen === this.#first;
    return seen.text === this.#lease || (typeof this.#first === "object" && seen.text === this.#first.text);
  }

  /** In how many ms the load has to `extend()` its claim, if it is not over by then. */
  get extendInMs(): number {
    return Math.max(0, Math.ceil(this.#since + this.#fenceMs / 2 - performance.now()));
  }

  /** Leaves a mark of the load's own. Never rejects. */
  extend(): Promise<void> {
    this.#extending ??= this.#takeLease().catch(() => {});
    return this.#extending;
  }

  /** Writes the value, if the load still may. */
  async write(text: string, ms: number): Promise<void> {
    await this.#extending;
    if (this.#isLost) return;
    const expected = this.#expected;
    if (expected !== null) await this.#writes.swap(this.#key, expected, text, ms);
    else if (this.#first === "another type") await this.#writes.replaceOtherType(this.#key, text, ms);
    else await this.#addInTime(text, ms);
  }

  /** Takes the load's mark away, if it has left one: there is nothing to write. Never rejects. */
  async release(): Promise<void> {
    await this.#extending;
    const lease = this.#lease;
    if (lease !== null) await this.#writes.remove(this.#key, lease).catch(() => {});
  }

  get #expected(): string | null {
    return this.#lease ?? (typeof this.#first === "object" ? this.#first.text : null);
  }

  get #isInTime(): boolean {
    return performance.now() - this.#since < this.#fenceMs;
  }

  async #takeLease(): Promise<void> {
    if (this.#first === "another type") return;
    const lease = newMark();
    const expected = this.#expected;
    const isTaken =
      expected === null
        ? await this.#addInTime(lease, LEASE_MS)
        : await this.#writes.swap(this.#key, expected, lease, LEASE_MS);
    if (isTaken) this.#lease = lease;
    else this.#isLost = true;
  }

  /** Adds a text, and takes it away again where Redis came to it so late that it may have been cleared in between. */
  async #addInTime(text: string, ms: number): Promise<boolean> {
    if (!this.#isInTime || !(await this.#writes.addIfNothing(this.#key, text, ms))) return false;
    if (this.#isInTime) return true;
    await this.#writes.remove(this.#key, text);
    return false;
  }
}
