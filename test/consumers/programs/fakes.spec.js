// A test of an application, for Jest, whose timers are fakes before the application is loaded and while it is.
jest.useFakeTimers({ doNotFake: ["nextTick"] });
const { tickpipe } = require("@tickpipe/core");
const { Redis } = require("ioredis");

const open = (options) => tickpipe(new Redis(process.env.REDIS_URL), options);

test.each([undefined, { maxPending: 2, whenFull: "wait" }, { maxPendingBytes: 10, whenFull: "wait" }])(
  "every call settles with the options %j",
  async (options) => {
    const redis = open(options);
    await redis.del("n");
    const replies = await Promise.all(Array.from({ length: 20 }, () => redis.incr("n")));
    expect(replies.at(-1)).toBe(20);
    const scope = redis.tickpipe.scope({ maxPerTick: 2 });
    expect(await Promise.all(Array.from({ length: 6 }, () => scope.redis.get("n")))).toEqual(Array(6).fill("20"));
    expect(jest.getTimerCount()).toBe(0);
    redis.disconnect();
  },
);

test("it gathers as it does with real timers", async () => {
  const redis = open();
  await redis.ping();
  const { batches } = redis.tickpipe.stats();
  await Promise.all([redis.get("a"), Promise.resolve().then(() => redis.get("b"))]);
  expect(redis.tickpipe.stats().batches - batches).toBe(1);
  await redis.quit();
});
