import { createHash } from "node:crypto";
import { MARK, NULL_TEXT, newMark, UNDEFINED_TEXT } from "./reserved-texts.ts";

/** What loaders call in Redis: a part of every view. */
export interface CacheRedis {
  get(key: string): Promise<unknown>;
  set(key: string, text: string, unit: "PX", ms: number, condition?: "NX"): Promise<unknown>;
  eval(script: string, keyCount: 1, key: string, ...args: string[]): Promise<unknown>;
  evalsha(sha: string, keyCount: 1, key: string, ...args: string[]): Promise<unknown>;
}

/**
 * For how long `clear()` keeps loads from writing that began before it, in ms: it leaves a mark, which they find where they saw none. A load that
 * takes longer leaves a mark of its own before that time is up (see claim.ts).
 */
export const FENCE_MS = 10_000;

interface Script {
  readonly text: string;
  readonly sha: string;
}

// ARGV: the text that must be there, the new one, its ms (0: delete), 1 to write over what is no string.
const SWAP = scriptOf(`local now = redis.pcall("GET", KEYS[1])
if type(now) == "table" then
  if ARGV[4] ~= "1" then return 0 end
elseif now ~= ARGV[1] then
  return 0
end
if ARGV[3] == "0" then
  redis.call("DEL", KEYS[1])
else
  redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
end
return 1`);

// ARGV: the text, its ms, and what counts as nothing: the two texts of absence, and how marks begin.
const PRIME = scriptOf(`local now = redis.pcall("GET", KEYS[1])
if type(now) == "string" and now ~= ARGV[3] and now ~= ARGV[4] and string.sub(now, 1, #ARGV[5]) ~= ARGV[5] then
  return 0
end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return 1`);

/** All that loaders change in Redis, each by one command with one key. */
export class CacheWrites {
  readonly #redis: CacheRedis;
  /** What the server is known to have: the others are sent whole. */
  readonly #known = new Set<Script>();

  constructor(redis: CacheRedis) {
    this.#redis = redis;
  }

  /** Takes a value away, and keeps loads that began before from writing. */
  clear(key: string): Promise<unknown> {
    return this.#redis.set(key, newMark(), "PX", FENCE_MS);
  }

  /** Writes where there is no value yet, nor an absence, nor a mark. */
  async addIfNothing(key: string, text: string, ms: number): Promise<boolean> {
    return (await this.#redis.set(key, text, "PX", ms, "NX")) === "OK";
  }

  /**
   * Writes where there is no value yet; an absence, or a mark, is written over.
   *
   * @param ms `null` for what is not kept: a mark then keeps loads that began before from writing
   */
  async prime(key: string, text: string, ms: number | null): Promise<void> {
    const since = performance.now();
    const [kept, keptMs] = ms === null ? [newMark(), FENCE_MS] : [text, ms];
    await this.#run(PRIME, key, [kept, String(keptMs), NULL_TEXT, UNDEFINED_TEXT, MARK]);
    // Held up for so long, it may have come after a change that it does not know of.
    if (performance.now() - since > FENCE_MS) await this.clear(key);
  }

  /** Writes over one text, and over no other. */
  async swap(key: string, expected: string, text: string, ms: number): Promise<boolean> {
    return (await this.#run(SWAP, key, [expected, text, String(ms), "0"])) === 1;
  }

  /** Writes over what is no string, such as a hash, and over nothing else. */
  async replaceOtherType(key: string, text: string, ms: number): Promise<boolean> {
    return (await this.#run(SWAP, key, [newMark(), text, String(ms), "1"])) === 1;
  }

  /** Deletes a key that has this very text. */
  async remove(key: string, text: string): Promise<void> {
    await this.#run(SWAP, key, [text, "", "0", "0"]);
  }

  async #run(script: Script, key: string, args: string[]): Promise<unknown> {
    if (this.#known.has(script)) {
      try {
        return await this.#redis.evalsha(script.sha, 1, key, ...args);
      } catch (error) {
        // Another server than the one that has it, or the same after a restart.
        if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      }
    }
    const reply = await this.#redis.eval(script.text, 1, key, ...args);
    this.#known.add(script);
    return reply;
  }
}

function scriptOf(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}
