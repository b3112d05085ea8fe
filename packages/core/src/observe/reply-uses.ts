/** So much of one reply, or of one call's arguments, is looked at, in UTF-16 units. */
const LOOKED_AT = 4_096;
/** The most words of replies that are remembered for one scope. */
const MOST_WORDS = 10_000;

const WORD = /[\p{L}\p{N}]+/gu;

/**
 * Guesses which calls of a scope need the reply to an earlier one: those whose arguments hold a word or a number that the earlier reply brought,
 * and its own arguments did not. What a program makes of a reply otherwise, such as a decision, is not seen.
 *
 * Words of replies stay in here, and only until the scope is closed.
 */
export class ReplyUses {
  /** The call whose reply brought a word last, by its index. */
  readonly #broughtBy = new Map<string, number>();
  #isOver = false;

  /** The words of a call's arguments. */
  wordsOf(args: readonly unknown[]): ReadonlySet<string> {
    return this.#isOver ? new Set() : wordsIn(args);
  }

  /** The earlier calls that brought some of these words. */
  bringersOf(words: ReadonlySet<string>): number[] {
    const bringers = new Set<number>();
    for (const word of words) {
      const bringer = this.#broughtBy.get(word);
      if (bringer !== undefined) bringers.add(bringer);
    }
    return [...bringers].sort((a, b) => a - b);
  }

  /**
   * Notes the reply to a call.
   *
   * @param asked the words of its arguments, which are no news
   */
  brought(call: number, asked: ReadonlySet<string>, reply: unknown): void {
    if (this.#isOver) return;
    for (const word of wordsIn(reply)) {
      if (asked.has(word)) continue;
      if (this.#broughtBy.size >= MOST_WORDS && !this.#broughtBy.has(word)) return;
      this.#broughtBy.set(word, call);
    }
  }

  /** Forgets all words, for good. */
  forget(): void {
    this.#isOver = true;
    this.#broughtBy.clear();
  }
}

function wordsIn(value: unknown): Set<string> {
  const texts: string[] = [];
  gather(value, texts, LOOKED_AT);
  return new Set(texts.join(" ").match(WORD));
}

/** @returns how much may still be looked at */
function gather(value: unknown, texts: string[], left: number): number {
  if (left <= 0) return 0;
  if (typeof value === "string" || typeof value === "number" || value instanceof Uint8Array) {
    const text = typeof value === "object" ? Buffer.from(value.subarray(0, left)).toString() : String(value);
    texts.push(text.slice(0, left));
    return left - text.length - 1;
  }
  if (typeof value !== "object" || value === null) return left;
  const isList = Array.isArray(value) || value instanceof Set;
  const parts = isList ? value : (value instanceof Map ? [...value] : Object.entries(value)).flat();
  let rest = left;
  for (const part of parts) {
    rest = gather(part, texts, rest);
    if (rest <= 0) break;
  }
  return rest;
}
