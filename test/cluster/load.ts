import { setTimeout as delay } from "node:timers/promises";
import type { Cluster, Redis } from "ioredis";
import { Ledger } from "../faults/ledger.ts";
import { ownedValue } from "../faults/outcome.ts";

/** A client under load; `Redis` and `Cluster` have the commands in common. */
export type LoadedClient = Redis | Cluster;

/** What came of a client's calls. */
export interface LoadOutcome {
  readonly calls: number;
  /** How many calls were rejected with each error; numbers and addresses are left out of its message. */
  readonly errors: Readonly<Record<string, number>>;
  /** Replies that no caller may get: another owner's value, another key's, or none of that command. */
  readonly wrong: readonly string[];
  /**
   * Reads that were older than a write that had been acknowledged before they were called. For the reader, and not to be zero: a failover may lose
   * writes, and of two writes that nobody awaits in between, one that is redirected may land after the other, with the plain client too.
   */
  readonly stale: number;
  /** INCRs that were acknowledged, less those that the counters hold at the end: 0 if each was counted once. */
  readonly miscounted: number;
  /** The longest time without a reply of success, among the tags that were asked for, in milliseconds. */
  readonly longestGapMs: number;
}

/** What a client knows of its keys with one hash tag. */
interface Tagged {
  readonly tag: string;
  readonly value: string;
  readonly twin: string;
  readonly counter: string;
  written: number;
  acknowledged: number;
  isWriting: boolean;
  increments: number;
  lastSuccess: number;
  longestGap: number;
  answered: number;
}

const CALLS_PER_ROUND = 5;

/** One client's calls: reads and writes of its own values, and counters, under each of some hash tags. */
export class Load {
  readonly owner: string;
  readonly #redis: LoadedClient;
  readonly #ledger: Ledger = new Ledger();
  readonly #tags: Tagged[];
  #focused: Tagged[] = [];
  readonly #errors = new Map<string, number>();
  readonly #wrong: string[] = [];
  #stale = 0;
  #calls = 0;

  constructor(owner: string, redis: LoadedClient, tags: readonly string[]) {
    this.owner = owner;
    this.#redis = redis;
    this.#tags = tags.map((tag) => ({
      tag,
      value: `{${tag}}:value:${owner}`,
      twin: `{${tag}}:twin:${owner}`,
      counter: `{${tag}}:counter:${owner}`,
      ...{ written: 0, acknowledged: 0, isWriting: false, increments: 0, lastSuccess: 0, longestGap: 0, answered: 0 },
    }));
  }

  get calls(): number {
    return this.#calls;
  }

  /** How many calls of some tags have been answered, and not with an error. */
  answered(among: ReadonlySet<string>): number {
    return this.#tags.reduce((sum, { tag, answered }) => sum + (among.has(tag) ? answered : 0), 0);
  }

  /** From now on every other round of calls is of these tags. */
  focus(tags: readonly string[]): void {
    this.#focused = this.#tags.filter(({ tag }) => tags.includes(tag));
  }

  /** Makes the next call: all that there are on one tag, then on the next. */
  callNext(): void {
    const round = Math.floor(this.#calls / CALLS_PER_ROUND);
    const among = round % 2 === 0 && this.#focused.length > 0 ? this.#focused : this.#tags;
    // With a focus, each of them is gone round at half the pace.
    const tagged = among[(this.#focused.length > 0 ? Math.floor(round / 2) : round) % among.length];
    if (tagged) this.#call(tagged, this.#calls % CALLS_PER_ROUND);
    this.#calls += 1;
  }

  /** A write under each tag, so that every slot has keys. */
  async seed(): Promise<void> {
    for (let i = 0; i < this.#tags.length * CALLS_PER_ROUND; i++) this.callNext();
    await this.settled();
    this.startClock();
  }

  /** Waits until each of its calls has settled. */
  settled(): Promise<void> {
    return this.#ledger.allSettled();
  }

  /** From now on the gaps count. */
  startClock(): void {
    for (const tagged of this.#tags) {
      tagged.lastSuccess = performance.now();
      tagged.longestGap = 0;
    }
  }

  /** @param among the tags whose gaps are asked for */
  async outcome(among: ReadonlySet<string> = new Set(this.#tags.map(({ tag }) => tag))): Promise<LoadOutcome> {
    let miscounted = 0;
    for (const { counter, increments } of this.#tags) {
      miscounted += Math.abs(increments - Number(await this.#redis.get(counter)));
    }
    return {
      calls: this.#calls,
      errors: Object.fromEntries([...this.#errors].sort(([a], [b]) => a.localeCompare(b))),
      wrong: this.#wrong,
      stale: this.#stale,
      miscounted,
      longestGapMs: Math.round(Math.max(...this.#tags.filter(({ tag }) => among.has(tag)).map((t) => t.longestGap))),
    };
  }

  #call(tagged: Tagged, kind: number): void {
    const { value, twin, counter, acknowledged } = tagged;
    // Of two writes under way, the later may be redirected sooner and come first, on any client: a caller who minds awaits.
    if (kind === 0 && !tagged.isWriting) {
      const version = ++tagged.written;
      tagged.isWriting = true;
      const text = `${ownedValue(value, this.owner)}${version}`;
      const written = this.#redis.set(value, text);
      this.#note("set", tagged, written, (reply) => {
        tagged.acknowledged = version;
        return reply === "OK";
      });
      const settle = (): void => {
        tagged.isWriting = false;
      };
      written.then(settle, settle);
    } else if (kind <= 1) {
      this.#note("get", tagged, this.#redis.get(value), (reply) => this.#isOwn(reply, value, acknowledged));
    } else if (kind === 2) {
      this.#note("incr", tagged, this.#redis.incr(counter), (reply) => {
        tagged.increments += 1;
        return typeof reply === "number" && reply > 0;
      });
    } else if (kind === 3) {
      const text = ownedValue(twin, this.owner);
      this.#note("getset", tagged, this.#redis.getset(twin, `${text}0`), (reply) => this.#isOwn(reply, twin, 0));
    } else {
      // Two keys of one slot: TRYAGAIN while one of them has been moved and the other has not.
      this.#note("mget", tagged, this.#redis.mget(value, twin), (reply) => {
        if (!Array.isArray(reply) || reply.length !== 2) return false;
        return this.#isOwn(reply[0], value, acknowledged) && this.#isOwn(reply[1], twin, 0);
      });
    }
  }

  #isOwn(reply: unknown, key: string, atLeast: number): boolean {
    const text = ownedValue(key, this.owner);
    if (reply !== null && (typeof reply !== "string" || !reply.startsWith(text))) return false;
    const version = reply === null ? 0 : Number(reply.slice(text.length));
    if (version < atLeast) this.#stale += 1;
    return Number.isInteger(version);
  }

  #note(command: string, tagged: Tagged, promise: Promise<unknown>, isRight: (reply: unknown) => boolean): void {
    this.#ledger.track(`${this.owner} ${command} ${tagged.tag}`, promise).then(
      (reply) => {
        const now = performance.now();
        tagged.longestGap = Math.max(tagged.longestGap, now - tagged.lastSuccess);
        tagged.lastSuccess = now;
        tagged.answered += 1;
        if (!isRight(reply)) this.#wrong.push(`${this.owner} ${command} ${tagged.tag}: ${JSON.stringify(reply)}`);
      },
      (error: Error) => {
        const kind = error.message.replaceAll(/\d[\d.:]*/g, "#");
        this.#errors.set(kind, (this.#errors.get(kind) ?? 0) + 1);
      },
    );
  }
}

const BEAT_MS = 5;

/**
 * Has each of the clients call at that rate while something happens, all in the same ticks and of the same slots.
 *
 * @returns what `happening` returned, when all that was called has settled
 */
export async function underLoad<T>(loads: readonly Load[], perSecond: number, happening: () => Promise<T>): Promise<T> {
  const start = performance.now();
  let isOver = false;
  const beats = async (): Promise<void> => {
    let made = 0;
    while (!isOver) {
      const due = Math.floor(((performance.now() - start) * perSecond) / 1000);
      for (const load of loads) for (let i = made; i < due; i++) load.callNext();
      made = due;
      await delay(BEAT_MS);
    }
  };
  for (const load of loads) load.startClock();
  const beating = beats();
  try {
    return await happening();
  } finally {
    isOver = true;
    await beating;
    await Promise.all(loads.map((load) => load.settled()));
  }
}

/** Waits until each of the clients has made so many calls more. */
export async function calledMore(loads: readonly Load[], calls: number): Promise<void> {
  const until = loads.map((load) => load.calls + calls);
  while (loads.some((load, i) => load.calls < (until[i] ?? 0))) await delay(BEAT_MS);
}
