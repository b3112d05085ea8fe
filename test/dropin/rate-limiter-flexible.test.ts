import type { Redis } from "ioredis";
import {
  BurstyRateLimiter,
  RateLimiterMemory,
  RateLimiterRedis,
  RateLimiterRedisNonAtomic,
  RateLimiterRes,
  RateLimiterUnion,
} from "rate-limiter-flexible";
import { describe, expect, it } from "vitest";
import { range } from "../engine.ts";
import { bothClients } from "./both-clients.ts";

type LimiterOptions = Partial<ConstructorParameters<typeof RateLimiterRedis>[0]>;

const limiter = (redis: Redis, options: LimiterOptions = {}): RateLimiterRedis =>
  new RateLimiterRedis({ storeClient: redis, points: 3, duration: 60, ...options });

/** What came of a call of the library: it rejects with its result where there are no points left. */
async function outcomeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(shown, (reason: unknown) => ({ refused: reason instanceof Error ? reason.message : shown(reason) }));
}

function shown(result: unknown): unknown {
  if (!(result instanceof RateLimiterRes)) return result;
  const { consumedPoints, remainingPoints, msBeforeNext } = result;
  // The time left differs from run to run: only its minute is compared.
  return { consumedPoints, remainingPoints, minutes: Math.ceil(msBeforeNext / 60_000) };
}

const state = (consumedPoints: number, remainingPoints: number, minutes = 1) => ({
  consumedPoints,
  remainingPoints,
  minutes,
});

describe.each(bothClients())("rate-limiter-flexible on $name", ({ sameOutcome }) => {
  it("hands out its points, and refuses then", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const points = limiter(redis);
      const answers: unknown[] = [];
      for (const cost of [1, 2, 1]) answers.push(await outcomeOf(points.consume("ann", cost)));
      answers.push(await outcomeOf(points.consume("bob")), await outcomeOf(points.get("nobody")));
      return answers;
    });
    expect(outcome).toEqual([state(1, 2), state(3, 0), { refused: state(4, 0) }, state(1, 2), null]);
  });

  it("hands out exactly its points when 60 ask in one tick", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const points = limiter(redis, { points: 25 });
      return Promise.all(range(60).map(() => outcomeOf(points.consume("ann"))));
    });
    expect(outcome).toEqual(range(60).map((i) => (i < 25 ? state(i + 1, 24 - i) : { refused: state(i + 1, 0) })));
  });

  it("punishes, rewards, sets, blocks, tells and deletes", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const points = limiter(redis);
      const answers: unknown[] = [];
      for (const call of [
        () => points.penalty("ann", 2),
        () => points.reward("ann", 1),
        () => points.get("ann"),
        () => points.set("ann", 3, 120),
        () => points.consume("ann"),
        () => points.delete("ann"),
        () => points.delete("ann"),
        () => points.block("ann", 300),
        () => points.consume("ann"),
        () => points.consume("ann", 1.5),
      ]) {
        answers.push(await outcomeOf(call()));
      }
      return answers;
    });
    expect(outcome).toMatchObject([
      state(2, 1),
      state(1, 2),
      state(1, 2),
      { consumedPoints: 3 },
      { refused: state(4, 0, 2) },
      true,
      false,
      { consumedPoints: 4 },
      { refused: state(5, 0, 5) },
      { refused: expect.stringContaining("decimal") },
    ]);
  });

  it("gives new points when the duration has passed", async () => {
    const outcome = await sameOutcome(async (redis, aside) => {
      const points = limiter(redis, { points: 1, duration: 1, keyPrefix: "short" });
      const answers = [await outcomeOf(points.consume("ann"))];
      await aside.untilExpired("short:ann");
      return [...answers, await outcomeOf(points.consume("ann"))];
    });
    expect(outcome).toEqual([state(1, 0), state(1, 0)]);
  });

  it("joins limiters: bursts, unions, and points that never expire", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const slow = limiter(redis, { points: 1, keyPrefix: "slow" });
      const bursty = new BurstyRateLimiter(slow, limiter(redis, { points: 2, keyPrefix: "burst" }));
      const answers: unknown[] = [];
      for (const _ of range(4)) answers.push(await outcomeOf(bursty.consume("ann").then(() => "in")));
      const union = new RateLimiterUnion(limiter(redis, { keyPrefix: "a" }), limiter(redis, { keyPrefix: "b" }));
      const united = await union.consume("ann");
      const forever = await outcomeOf(limiter(redis, { duration: 0, keyPrefix: "forever" }).consume("ann"));
      return { inBursts: answers.map((answer) => answer === "in"), united: Object.keys(united), forever };
    });
    expect(outcome).toEqual({
      inBursts: [true, true, true, false],
      united: ["a", "b"],
      forever: expect.objectContaining({ consumedPoints: 1, remainingPoints: 2 }),
    });
  });

  it("counts without a script as well", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const points = new RateLimiterRedisNonAtomic({ storeClient: redis, points: 2, duration: 60 });
      const answers: unknown[] = [];
      for (const _ of range(3)) answers.push(await outcomeOf(points.consume("ann")));
      return answers;
    });
    expect(outcome).toEqual([state(1, 1), state(2, 0), { refused: state(3, 0) }]);
  });

  it("goes to its insurance when the connection is closed, and says so without one", async () => {
    const outcome = await sameOutcome(async (redis) => {
      const insuranceLimiter = new RateLimiterMemory({ points: 1, duration: 60 });
      const insured = limiter(redis, { insuranceLimiter, rejectIfRedisNotReady: true });
      const uninsured = limiter(redis, { rejectIfRedisNotReady: true });
      const open = await outcomeOf(insured.consume("ann"));
      await redis.quit();
      const closed = [await outcomeOf(insured.consume("ann")), await outcomeOf(insured.consume("ann"))];
      return { open, closed, uninsured: await outcomeOf(uninsured.consume("ann")) };
    });
    expect(outcome).toEqual({
      open: state(1, 2),
      closed: [state(1, 0), { refused: state(2, 0) }],
      uninsured: { refused: "Redis connection is not ready" },
    });
  });
});
