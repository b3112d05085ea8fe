import type { IoredisClient } from "../client.ts";
import { eventsOf } from "../client-events.ts";
import { atEndOfIteration } from "../timers.ts";

const DOWN: readonly string[] = ["close", "reconnecting", "end"];

/**
 * Whether Redis is there. A client whose connection is lost keeps calls for as long as it tries to reconnect, 20 times by
 * default, which takes it ten seconds; a cache is not worth such a wait.
 */
export class RedisLink {
  #isUp: boolean;
  readonly #waits = new Set<() => void>();

  constructor(client: IoredisClient) {
    // A client that connects for the first time, or will with its first call, is expected to succeed.
    this.#isUp = !DOWN.includes(client.status);
    eventsOf(client).on("ready", () => {
      this.#isUp = true;
    });
    for (const event of ["close", "end"]) eventsOf(client).on(event, this.#lose);
  }

  /** Whether it makes sense to ask Redis now. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Waits until the work is done, the connection is lost, or the time is up, whichever comes first. */
  async wait(work: Promise<unknown>, timeoutMs: number): Promise<void> {
    if (!this.#isUp) return;
    await new Promise<void>((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const finish = (): void => {
        this.#waits.delete(finish);
        clearTimeout(timer);
        resolve();
      };
      this.#waits.add(finish);
      // After work that blocked the event loop, timers run before the replies that have long arrived are read.
      if (timeoutMs <= LONGEST_TIMER_MS) timer = setTimeout(() => atEndOfIteration(finish), timeoutMs);
      work.then(finish, finish);
    });
  }

  readonly #lose = (): void => {
    this.#isUp = false;
    for (const finish of this.#waits) finish();
  };
}

// setTimeout makes 1 ms of anything beyond.
const LONGEST_TIMER_MS = 2 ** 31 - 1;
