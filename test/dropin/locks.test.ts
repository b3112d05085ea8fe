import { Redlock } from "@sesamecare-oss/redlock";
import type { Redis } from "ioredis";
import { LostLockError, MultiSemaphore, Mutex, RedlockMutex, Semaphore } from "redis-semaphore";
import Redlock4 from "redlock";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { bothClients } from "./both-clients.ts";

const TTL_MS = 30_000;
const isFresh = async (redis: Redis, key: string): Promise<boolean> => (await redis.pttl(key)) > TTL_MS - 10_000;

async function outcomeOf<T>(call: Promise<T>, shown: (result: T) => unknown): Promise<unknown> {
  return call.then(shown, (error: Error) => `${error.name}: ${error.message}`);
}

describe.each(bothClients())("@sesamecare-oss/redlock on $name", ({ sameOutcome }) => {
  it("takes, extends and releases a lock over several resources", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const redlock = new Redlock([redis]);
      const lock = await redlock.acquire(["a", "b"], 10_000);
      const held = await aside.redis.mget("a", "b");
      const extended = await lock.extend(TTL_MS);
      const isExtended = await isFresh(aside.redis, "b");
      const { attempts } = await extended.release();
      return { isHeld: held.every((value) => value === lock.value), isExtended, releases: attempts.length };
    });
    expect(outcome).toEqual({ isHeld: true, isExtended: true, releases: 1 });
  });

  it("gives a lock to one of 20 that ask at once, and refuses the others", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const redlock = new Redlock([redis], { retryCount: 0 });
      return Promise.all(range(20).map(() => outcomeOf(redlock.acquire(["a"], TTL_MS), () => "taken")));
    });
    const [first, ...others] = outcome;
    expect(first).toBe("taken");
    expect(new Set(others)).toEqual(new Set([expect.stringMatching(/^ExecutionError: .*quorum/)]));
  });

  it("keeps 8 workers apart, each of which waits for its turn", async () => {
    const outcome = await sameOutcome(
      async (redis) => {
        const redlock = new Redlock([redis], { retryCount: -1, retryDelay: 5, retryJitter: 5 });
        let inside = 0;
        const seen: number[] = [];
        const work = async (): Promise<void> => {
          const lock = await redlock.acquire(["a"], TTL_MS);
          seen.push(++inside);
          // A lost update, were two inside at once.
          await redis.set("count", Number(await redis.get("count")) + 1);
          inside -= 1;
          await lock.release();
        };
        await Promise.all(range(8).map(work));
        return { seen, count: await redis.get("count") };
      },
      { sameCommands: false },
    );
    expect(outcome).toEqual({ seen: range(8).map(() => 1), count: "8" });
  });

  it("extends a lock by itself while a routine uses it", async () => {
    const outcome = await sameOutcome(
      async (redis, aside) => {
        const redlock = new Redlock([redis]);
        const settings = { automaticExtensionThreshold: TTL_MS - 100 };
        const answer = await redlock.using(["a"], TTL_MS, settings, async (signal, context) => {
          while (context.extensions === 0) await new Promise((resolve) => setImmediate(resolve));
          return { isAborted: signal.aborted, isHeld: (await aside.redis.exists("a")) === 1 };
        });
        return { ...answer, isReleased: (await aside.redis.exists("a")) === 0 };
      },
      { sameCommands: false },
    );
    expect(outcome).toEqual({ isAborted: false, isHeld: true, isReleased: true });
  });

  it("says so when a lock was lost", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const redlock = new Redlock([redis], { retryCount: 0 });
      const lock = await redlock.acquire(["a"], TTL_MS);
      await aside.redis.set("a", "another's");
      return [
        await outcomeOf(lock.extend(TTL_MS), () => "extended"),
        await outcomeOf(lock.release(), () => "released"),
        await aside.redis.get("a"),
      ];
    });
    const failed = expect.stringMatching(/^ExecutionError: /);
    expect(outcome).toEqual([failed, failed, "another's"]);
  });
});

describe.each(bothClients())("redlock 4, which calls back, on $name", ({ sameOutcome }) => {
  it("takes, refuses, extends and releases a lock", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const redlock = new Redlock4([redis], { retryCount: 1, retryDelay: 1, retryJitter: 0 });
      const lock = await redlock.lock(["a", "b"], 10_000);
      const isHeld = (await aside.redis.get("b")) === lock.value;
      const refused = await outcomeOf(redlock.lock("b", TTL_MS), () => "taken");
      await lock.extend(TTL_MS);
      const isExtended = await isFresh(aside.redis, "a");
      await new Promise<void>((resolve, reject) => lock.unlock((error) => (error ? reject(error) : resolve())));
      const again = await redlock.lock("a", TTL_MS);
      return { isHeld, refused, isExtended, attempts: [lock.attempts, again.attempts] };
    });
    const refused = expect.stringMatching(/^LockError: Exceeded 1 attempts/);
    expect(outcome).toEqual({ isHeld: true, refused, isExtended: true, attempts: [1, 1] });
  });

  it("tells of an error of Redis by its event", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const redlock = new Redlock4([redis], { retryCount: 0 });
      const told: string[] = [];
      redlock.on("clientError", (error: Error) => told.push(`${error.name}: ${error.message}`));
      const lock = await redlock.lock("a", TTL_MS);
      await aside.redis.del("a");
      await aside.redis.lpush("a", "no lock");
      return { released: await outcomeOf(redlock.unlock(lock), () => "released"), told };
    });
    expect(outcome).toEqual({
      released: expect.stringMatching(/^LockError: Unable to fully release/),
      told: [expect.stringMatching(/^ReplyError: .*WRONGTYPE/)],
    });
  });
});

describe.each(bothClients())("redis-semaphore on $name", ({ sameOutcome }) => {
  // No refresh of its own accord within a test, so that each call to Redis is the test's.
  const options = { lockTimeout: TTL_MS, refreshInterval: 0, acquireAttemptsLimit: 2, retryInterval: 1 };

  it("lets one hold a mutex, and the next after it", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const [first, second] = [new Mutex(redis, "m", options), new Mutex(redis, "m", options)];
      const answers: unknown[] = [await first.tryAcquire(), await second.tryAcquire()];
      answers.push(await outcomeOf(second.acquire(), () => "acquired"));
      await first.release();
      answers.push(await second.tryAcquire());
      await second.release();
      return answers;
    });
    expect(outcome).toEqual([true, false, expect.stringMatching(/^Error: Acquire mutex .* timeout/), true]);
  });

  it("lets so many hold a semaphore, and so many permits be taken", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const semaphores = range(4).map((i) => new Semaphore(redis, "s", 3, { ...options, identifier: `holder ${i}` }));
      const held = await Promise.all(semaphores.map((semaphore) => semaphore.tryAcquire()));
      await semaphores[0]?.release();
      const next = await semaphores[3]?.tryAcquire();
      const [two, another] = range(2).map(() => new MultiSemaphore(redis, "p", 3, 2, options));
      return { held, next, permits: [await two?.tryAcquire(), await another?.tryAcquire()] };
    });
    expect(outcome).toEqual({ held: [true, true, true, false], next: true, permits: [true, false] });
  });

  it("refreshes a mutex, and tells when it was lost", async () => {
    const outcome = await sameOutcome(
      async (redis, aside) => {
        let lose: (error: LostLockError) => void = () => {};
        const lost = new Promise<LostLockError>((resolve) => {
          lose = resolve;
        });
        const mutex = new Mutex(redis, "m", { ...options, refreshInterval: 10, onLockLost: lose });
        await mutex.acquire();
        await aside.redis.pexpire("mutex:m", 10_000);
        while (!(await isFresh(aside.redis, "mutex:m"))) await new Promise((resolve) => setImmediate(resolve));
        await aside.redis.set("mutex:m", "another's");
        const error = await lost;
        await mutex.release();
        return {
          isLost: error instanceof LostLockError,
          isAcquired: mutex.isAcquired,
          left: await redis.get("mutex:m"),
        };
      },
      { sameCommands: false },
    );
    expect(outcome).toEqual({ isLost: true, isAcquired: false, left: "another's" });
  });

  it("asks several servers, here several databases of one, for their votes", async () => {
    const outcome = await sameOutcome(async (redis) => {
      // Each is a wrapped client where this one is.
      const others = [1, 2].map((db) => redis.duplicate({ db }));
      const mutexes = range(2).map(() => new RedlockMutex([redis, ...others], "m", options));
      const answers = [await mutexes[0]?.tryAcquire(), await mutexes[1]?.tryAcquire()];
      await mutexes[0]?.release();
      answers.push(await mutexes[1]?.tryAcquire());
      await mutexes[1]?.release();
      await Promise.all(others.map((other) => other.quit()));
      return answers;
    });
    expect(outcome).toEqual([true, false, true]);
  });
});
